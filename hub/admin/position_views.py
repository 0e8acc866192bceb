"""A unit's level and admissions, and the members of a collaborative."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, g, url_for
from flask.typing import ResponseReturnValue

from hub.admin import place_queries
from hub.admin.page import TYPED, ask, blueprint, writes
from hub.admin.place_forms import MemberForm, PositionForm
from hub.admin.place_page import change_of, code_of, today
from hub.organisations.members import add_member, change_member
from hub.organisations.models import Arm, Collaborative, CollaborativeMember
from hub.organisations.positions import POSITION, set_position
from hub.organisations.queries import current_organisations
from hub.organisations.services import COLLABORATIVE
from hub.web.database import db

_KEPT = "Times that are over stay on the page, and in the history."


@blueprint.route("/units/<reference>/position", methods=["GET", "POST"])
@writes
def set_unit_position(reference: str) -> ResponseReturnValue:
    """Level and admissions of a unit, until surveillance decides them."""
    row = place_queries.find_unit(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(PositionForm, obj=row)
    unit_id, href = row.id, url_for("admin.unit", reference=row.unit_code)

    def do() -> tuple[str, str]:
        given = {"why": form.why.data, "now": g.now, "seen": form.last_seen}
        set_position(db.session, g.actor, unit_id, form.given(), **given)
        return "The change is recorded", href

    points = (
        "Whoever looks for a bed sees it at once, beside the unit.",
        "A unit at intensive, or suspended, takes nobody unless the director allows an exception.",
        "The unit sees its own level, its admissions and why they are so. Your reason for the change is for the hub.",
    )
    return ask(form, change_of("Change level and admissions", row.name, href, POSITION, unit_id, points), do)


@blueprint.route("/collaboratives/<int(max=2147483647):reference>/members/add", methods=["GET", "POST"])
@writes
def add_collaborative_member(reference: int) -> ResponseReturnValue:
    """A member organisation with its days."""
    row = db.session.get(Collaborative, reference) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(MemberForm)
    form.offer({each.id: each.name for each in current_organisations(db.session, today()) if each.arm != Arm.HUB})
    key, href = row.id, url_for("admin.collaborative", reference=row.id)

    def do() -> tuple[str, str]:
        made = add_member(
            db.session,
            g.actor,
            key,
            organisation_id=int(form.organisation_id.data),
            from_on=form.from_on.data,
            until_on=form.until_on.data,
            why=form.why.data,
            now=g.now,
            seen=form.last_seen,
        )
        return f"{made.organisation.name} is a member", href

    return ask(form, change_of("Add a member", row.name, href, COLLABORATIVE, key, (_KEPT,)), do)


@blueprint.route(
    "/collaboratives/<int(max=2147483647):reference>/members/<int(max=2147483647):member_id>",
    methods=["GET", "POST"],
)
@writes
def change_collaborative_member(reference: int, member_id: int) -> ResponseReturnValue:
    """Other days for a member; a last day ends it."""
    member = db.session.get(CollaborativeMember, member_id) or abort(HTTPStatus.NOT_FOUND)
    if member.collaborative_id != reference:
        abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(MemberForm, obj=member)
    del form.organisation_id
    href = url_for("admin.collaborative", reference=reference)

    def do() -> tuple[str, str]:
        change_member(
            db.session,
            g.actor,
            reference,
            member_id,
            from_on=form.from_on.data,
            until_on=form.until_on.data,
            why=form.why.data,
            now=g.now,
            seen=form.last_seen,
        )
        return "The change is recorded", href

    name = member.organisation.name
    return ask(form, change_of("Change a member", name, href, COLLABORATIVE, reference, (_KEPT,)), do)
