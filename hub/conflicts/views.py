"""The register of interests: everybody declares their own; those who appoint read all of them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.conflicts import register_queries as queries
from hub.conflicts.forms import EndForm, InterestForm, RecordForm, TakeBackForm
from hub.conflicts.services import RECORDERS, declare, end_interest, may_record, take_back
from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.organisations.queries import current_organisations
from hub.web.access import roles, signed_in
from hub.web.database import db
from hub.web.filters import count
from hub.web.page_forms import PageDrafts, PageForm
from hub.web.trail import note
from workflows.durations import local
from workflows.roles import Role

blueprint = Blueprint("interests", __name__, url_prefix="/interests")
TYPED = PageDrafts("interest")
READERS: Final = (*RECORDERS, Role.INFORMATION_GOVERNANCE, Role.COORDINATOR, Role.CASE_MANAGER)
"""Who reads everybody's: those who appoint, or look after the register."""
NUMBER: Final = "/<int(max=2147483647):number>"
LARGEST_ID: Final = 2**31 - 1


@blueprint.get("")
@signed_in
def index() -> str:
    """One's own interests; for those who appoint, everybody's."""
    person, place = _number("person"), _number("organisation")
    register = None
    if g.actor.is_hub and g.actor.roles & set(READERS):
        before = _number("before")
        register = queries.read_register(db.session, g.actor, g.now, person=person, place=place, before=before)
        with transaction(db.session):
            note(db.session, "listed", query="register of interests", count=len(register.rows))
    return render_template(
        "conflicts/index.html",
        own=queries.own_interests(db.session, g.actor, g.now),
        months=queries.months_that_count(db.session, g.now),
        register=register,
        people=_choices("Everybody", register.people if register else (), person),
        places=_choices("Every organisation", register.places if register else (), place),
        person=person,
        place=place,
        is_deputy=g.actor.on_behalf_of is not None,
        may_record=may_record(g.actor),
    )


@blueprint.route("/declare", methods=["GET", "POST"])
@signed_in
def add() -> ResponseReturnValue:
    """Declare an interest of one's own."""
    return _declared(TYPED.form_of(InterestForm))


@blueprint.route("/record", methods=["GET", "POST"])
@roles(*RECORDERS)
def record() -> ResponseReturnValue:
    """Record an interest of somebody who did not declare it."""
    if not may_record(g.actor):
        abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(RecordForm)
    form.offer_people(queries.everybody_else(db.session, g.actor, local(g.now).date()))
    return _declared(form)


def _declared(form: InterestForm) -> ResponseReturnValue:
    form.offer(current_organisations(db.session, local(g.now).date()))
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = declare(db.session, g.actor, **form.answers, now=g.now)
                TYPED.discard()
            whose = "You" if made.user_id == g.actor.user_id else made.user.name
            said = f"{whose} will not convene or decide a dispute in which {made.organisation.name} is a side."
            flash(f"It is in the register. {said}", "success")
            return redirect(url_for("interests.index"), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.show(refused)
    is_own = not isinstance(form, RecordForm)
    page = render_template("conflicts/declare.html", form=form, is_own=is_own, windows=TYPED.windows_of(form))
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@blueprint.route(f"{NUMBER}/end", methods=["GET", "POST"])
@signed_in
def end(number: int) -> ResponseReturnValue:
    """Say what the last day of an interest was."""
    form, line = TYPED.form_of(EndForm), _theirs(number)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                end_interest(db.session, g.actor, number, until_on=form.until_on.data, now=g.now)
                TYPED.discard()
            months = queries.months_that_count(db.session, g.now)
            flash(f"It has ended. It counts for {count(months, 'more month')}.", "success")
            return redirect(url_for("interests.index"), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            return _changing("conflicts/end.html", form, line, refused)
    return _changing("conflicts/end.html", form, line)


@blueprint.route(f"{NUMBER}/take-back", methods=["GET", "POST"])
@signed_in
def retract(number: int) -> ResponseReturnValue:
    """Take back an interest that was declared by mistake."""
    form, line = TYPED.form_of(TakeBackForm), _theirs(number)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                take_back(db.session, g.actor, number, why=str(form.why.data), now=g.now)
                TYPED.discard()
            flash("It is taken back and counts no more. It stays in the register.", "success")
            return redirect(url_for("interests.index"), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            return _changing("conflicts/take_back.html", form, line, refused)
    return _changing("conflicts/take_back.html", form, line)


def _theirs(number: int) -> queries.Line:
    """The interest, for who may change it; nobody else learns that it is there."""
    return queries.find_interest(db.session, g.actor, number, g.now) or abort(HTTPStatus.NOT_FOUND)


def _changing(
    template: str, form: PageForm, line: queries.Line, refused: ActionRefused | None = None
) -> ResponseReturnValue:
    if refused is not None:
        form.show(refused)
        db.session.refresh(line.interest)
    page = render_template(template, form=form, line=line, months=line.months, windows=TYPED.windows_of(form))
    if refused is not None and refused.is_stale:
        return page, HTTPStatus.CONFLICT
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _choices(every: str, named: Sequence[tuple[int, str]], chosen: int | None) -> list[tuple[str, str, bool]]:
    """What a filter offers: (value, label, is on)."""
    return [("", every, chosen is None), *((str(each), name, each == chosen) for each, name in named)]


def _number(name: str) -> int | None:
    """A number from the address; None for what is no number of a row."""
    found: Any = request.args.get(name, None, int)
    return found if found is not None and 0 < found <= LARGEST_ID else None


_PAGES: Final = frozenset({"interests.add", "interests.record", "interests.end", "interests.retract"})
KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint in _PAGES),)
"""What the application asks to keep a post that came too late."""
