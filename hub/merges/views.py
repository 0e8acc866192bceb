"""Comparing two records, proposing that they are one person's, and the proposal's page; each look is logged on both."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import banner_loads, banner_of_item
from hub.db import transaction
from hub.engine.reading import Reading
from hub.engine.refusal import ActionRefused
from hub.merges.checks import hindrances
from hub.merges.fields import offered, which_stands
from hub.merges.forms import FindForm, ProposeForm, propose_form
from hub.merges.models import Merge
from hub.merges.page import MergePage
from hub.merges.preview import Comparison, compare
from hub.merges.queries import find_people, find_person, is_closed_off
from hub.merges.services import propose
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("merges", __name__, url_prefix="/merges")
TYPED = PageDrafts(Merge.workflow.name)
PROPOSERS = (Role.COORDINATOR, Role.CASE_MANAGER)


@blueprint.before_request
def only_who_may_open_both() -> None:
    """A proposal about a person with a sealed case answers those who are not on its list as if it were not there."""
    reference = (request.view_args or {}).get("reference", "")
    if reference and is_closed_off(db.session, reference, g.actor):
        with transaction(db.session):
            note(db.session, "refused", reference=reference, why="a case of one of the two is sealed")
        abort(HTTPStatus.NOT_FOUND)


def more(reading: Reading) -> dict[str, Any]:
    """The two records beside the proposal, for those who may see both."""
    return {"merge": MergePage(db.session, reading)}


PAGES = Pages(
    model=Merge,
    endpoint="merges.show",
    options=(
        joinedload(Merge.owner),
        joinedload(Merge.standing),
        joinedload(Merge.other),
        *banner_loads(Merge.case),
    ),
    banner=banner_of_item,
    more=more,
    action_template="merges/act.html",
)


@blueprint.route("/new", methods=["GET", "POST"])
@access.roles(*PROPOSERS)
def new() -> ResponseReturnValue:
    """Which two records: by NHS number or reference. Nothing is looked up by address, so no number stands in one."""
    form = FindForm(one=request.args.get("one", "")[:40]) if request.method != "POST" else FindForm()
    if form.validate_on_submit():
        people = {field: find_person(db.session, field.data, g.actor) for field in (form.one, form.two)}
        with transaction(db.session):
            note(db.session, "searched", among="people", count=sum(1 for each in people.values() if each))
        for field, found in people.items():
            if found is None:
                form.nobody(field)
        one, two = people.values()
        if one is not None and two is not None and one.id != two.id:
            standing, other = which_stands(one, two)
            return redirect(url_for("merges.compare_two", standing=standing.id, other=other.id), HTTPStatus.SEE_OTHER)
        if one is not None and two is not None:
            form.form_errors.append("These are one record already. Choose two")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return render_template("merges/new.html", form=form), status


@blueprint.route("/compare/<int(max=2147483647):standing>/<int(max=2147483647):other>", methods=["GET", "POST"])
@access.roles(*PROPOSERS)
def compare_two(standing: int, other: int) -> ResponseReturnValue:
    """Both records side by side, what would be moved, and the proposal to make them one."""
    people = find_people(db.session, (standing, other), g.actor)
    if len(people) < 2:
        with transaction(db.session):
            note(db.session, "refused", why="no two records to compare")
        abort(HTTPStatus.NOT_FOUND)
    found = compare(db.session, people[standing], people[other], offered(people[standing], people[other]))
    form = TYPED.form_of(propose_form(found))
    _log_both(found)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = propose(
                    db.session, standing, other, taken=form.taken, why=form.why.data, actor=g.actor, now=g.now
                )
                TYPED.discard()
            flash(f"{made.reference} is proposed. Another person decides.", "success")
            return redirect(url_for("merges.show", reference=made.reference), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.show(refused)
            found = compare(db.session, people[standing], people[other], form.taken)
    return _compare_page(found, form, standing, other)


def _compare_page(found: Comparison, form: ProposeForm, standing: int, other: int) -> ResponseReturnValue:
    page = render_template(
        "merges/compare.html",
        found=found,
        form=form,
        hindrances=[] if form.is_submitted() else hindrances(db.session, standing, other, g.actor),
        turned_href=url_for("merges.compare_two", standing=other, other=standing),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One proposal, with the two records as they are now, or what was done."""
    return show_item(PAGES, reference, "merges/show.html")


def _log_both(found: Comparison) -> None:
    with transaction(db.session):
        for case_id in found.case_ids:
            note(db.session, "opened", case_id=case_id, among="two records side by side")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES), TYPED.keeper(lambda posted: posted.endpoint == "merges.compare_two"))
"""What the application asks to keep a post that came too late."""
