"""Drafting a change: begun on the page or from a file, its values by subject, carried on to a newer set."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.policy_changes.content import read_file, subject_title, subjects_of
from hub.policy_changes.forms import ImportForm, StartForm, SubjectForm, subject_form
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.page import DRAFTING, ChangePage
from hub.policy_changes.queries import newest
from hub.policy_changes.services import begin_again, begin_draft, begin_from_file, content_of, revise
from hub.policy_changes.typed import HINTS
from hub.policy_changes.views import KEEPERS, blueprint, read_change
from hub.web.access import roles
from hub.web.actions import log_item
from hub.web.database import db
from hub.web.filters import count
from hub.web.page_forms import PageDrafts
from workflows.policy import PolicySet
from workflows.policy_change import State

__all__ = ["KEEPERS", "blueprint"]

TYPED = PageDrafts(PolicyChange.workflow.name)
drafters = roles(*DRAFTING)


@blueprint.route("/new", methods=["GET", "POST"])
@drafters
def new() -> ResponseReturnValue:
    """A new draft of the newest set."""
    form = TYPED.form_of(StartForm)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = begin_draft(db.session, str(form.title.data), actor=g.actor, now=g.now)
                TYPED.discard()
            return redirect(url_for("policy_changes.edit", reference=made.reference), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.show(refused)
    return render_template("policy_changes/new.html", form=form, ground=newest(db.session)), _status(form)


@blueprint.route("/import", methods=["GET", "POST"])
@drafters
def import_file() -> ResponseReturnValue:
    """A new draft with the values of a TOML file; never a set in force."""
    form = TYPED.form_of(ImportForm)
    if form.validate_on_submit():
        try:
            ground = PolicySet.from_json(newest(db.session).content)
            content = read_file(form.data_sent, ground)
            with transaction(db.session):
                made = begin_from_file(db.session, str(form.title.data), content, actor=g.actor, now=g.now)
                TYPED.discard()
            flash(f"{made.reference} is a draft of what the file gives. Nothing is in force yet.", "success")
            return redirect(url_for("policy_changes.show", reference=made.reference), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.file.errors = [*form.file.errors, *(problem.message for problem in refused.problems)]
    return render_template("policy_changes/import.html", form=form), _status(form)


@blueprint.post("/<reference>/again")
@drafters
def again(reference: str) -> ResponseReturnValue:
    """A new draft with the same changes on the newest set."""
    change = read_change(reference).item
    try:
        with transaction(db.session):
            made, clashes = begin_again(db.session, change, actor=g.actor, now=g.now)
    except ActionRefused as refused:
        flash(f"{refused}.", "late")
        return redirect(url_for("policy_changes.show", reference=reference), HTTPStatus.SEE_OTHER)
    flash(f"{made.reference} is a new draft with the changes of {reference}.", "success")
    for said in clashes[:10]:
        flash(f"{said}.", "soon")
    return redirect(url_for("policy_changes.show", reference=made.reference), HTTPStatus.SEE_OTHER)


@blueprint.get("/<reference>/edit")
@drafters
def edit(reference: str) -> ResponseReturnValue:
    """The subjects of a draft, and how many values of each were changed."""
    reading = read_change(reference)
    if reading.item.state != State.DRAFT:
        return redirect(url_for("policy_changes.show", reference=reference), HTTPStatus.SEE_OTHER)
    log_item(reading.item, "opened")
    return render_template("policy_changes/edit.html", change=ChangePage(db.session, reading, g.actor))


@blueprint.route("/<reference>/edit/<subject>", methods=["GET", "POST"])
@drafters
def edit_subject(reference: str, subject: str) -> ResponseReturnValue:
    """The values of one subject, with what is wrong beside each."""
    item: PolicyChange = read_change(reference).item
    if subject not in subjects_of(content_of(item)):
        abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(subject_form(content_of(item), subject))
    if form.is_submitted() and (done := _revised(form, item)) is not None:
        return done
    if not form.is_submitted() and form.last_seen == 0:
        form.begin(item.version)
    return _subject_page(form, item, subject, _status(form))


def _revised(form: SubjectForm, item: PolicyChange) -> ResponseReturnValue | None:
    """Put in what was typed; None when something cannot be, and then it stands beside its box."""
    is_valid, entries = form.validate(), form.entries()
    if not is_valid or form.errors:
        return None
    try:
        with transaction(db.session):
            changed = revise(db.session, item, entries, actor=g.actor, now=g.now, seen=form.last_seen)
            TYPED.discard()
    except ActionRefused as refused:
        form.show(refused)
        return None if not refused.is_stale else _stale(form, item)
    flash(f"{count(len(changed), 'value')} changed in the draft." if changed else "Nothing was changed.", "success")
    return redirect(url_for("policy_changes.edit", reference=item.reference), HTTPStatus.SEE_OTHER)


def _stale(form: SubjectForm, item: PolicyChange) -> ResponseReturnValue:
    """Somebody else changed the draft meanwhile: what they did is said, what was typed here still stands."""
    reading = read_change(item.reference)
    subject = str((request.view_args or {})["subject"])
    fresh = subject_form(content_of(reading.item), subject)()
    changed = [line.row.values.get("changed", {}).get("new", "") for line in reading.since(form.last_seen)]
    fresh.show_again(reading.item.version)
    fresh.form_errors.extend(form.form_errors)
    return _subject_page(fresh, reading.item, subject, HTTPStatus.CONFLICT, [said for said in changed if said])


def _subject_page(
    form: SubjectForm, item: PolicyChange, subject: str, status: HTTPStatus, changed: list[str] | None = None
) -> ResponseReturnValue:
    shown = render_template(
        "policy_changes/subject.html",
        form=form,
        item=item,
        title=subject_title(subject),
        hints=HINTS,
        changed=changed or [],
        windows=TYPED.windows_of(form),
    )
    return shown, status


def _status(form: StartForm | SubjectForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


_KEPT = {"policy_changes.new", "policy_changes.import_file", "policy_changes.edit_subject"}
KEEPERS.append(TYPED.keeper(lambda posted: posted.endpoint in _KEPT))
