"""Somebody leaves: what they own, what would move to whom, and moving it in one step."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Request, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from hub.absences.handover import end_account, hand_over
from hub.absences.leaving import Plan, read_plan, without_seals
from hub.absences.queries import find_account
from hub.absences.services import colleagues_of
from hub.accounts.models import UserAccount
from hub.accounts.on_call import hub_people
from hub.accounts.services import AccountRefused
from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.web.access import roles
from hub.web.database import db
from hub.web.filters import count
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageDrafts, PageForm, stripped
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("leavers", __name__, url_prefix="/absences/leavers")
TYPED = PageDrafts("handover")
LONGEST_REASON = 500


class HandoverForm(PageForm):
    """Who takes over, why, and whether the account ends with it."""

    to = SelectField("Who takes over?", [DataRequired("Choose who takes over")])
    why = TextAreaField(
        "Why",
        [DataRequired("Enter why, in a few words"), Length(max=LONGEST_REASON, message="Use 500 letters or fewer")],
        filters=[stripped],
        description="It is kept in the history with your name. For example: Leaves the trust on Friday",
        render_kw={"rows": 2},
    )
    ends = BooleanField("Also end their roles today and switch the account off")


@blueprint.route("/<int(max=2147483647):user_id>", methods=["GET", "POST"])
@roles(Role.ADMINISTRATOR, Role.COORDINATOR)
def show(user_id: int) -> ResponseReturnValue:
    """What somebody owns; with `to` in the address, what would move to that person. An administrator moves it."""
    leaver = find_account(db.session, user_id) or abort(HTTPStatus.NOT_FOUND)
    people = _people(user_id)
    chosen = request.values.get("to", "")
    to = find_account(db.session, int(chosen)) if chosen in {who for who, _ in people} else None
    plan = _plan(leaver, to)
    may_move = g.actor.role is Role.ADMINISTRATOR and user_id != g.actor.user_id
    form = TYPED.form_of(HandoverForm)
    form.to.choices = choices([("", "Choose a person"), *people])
    if not form.is_submitted() and to is not None:
        form.to.data = chosen
    if request.method == "POST" and not may_move:
        abort(HTTPStatus.FORBIDDEN)
    if form.validate_on_submit() and _do(form, plan):
        return redirect(url_for("leavers.show", user_id=user_id, to=chosen), HTTPStatus.SEE_OTHER)
    shown = render_template(
        "absences/leaver.html",
        form=form,
        plan=plan,
        people=people,
        may_move=may_move,
        windows=TYPED.windows_of(form),
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


def _plan(leaver: UserAccount, to: UserAccount | None) -> Plan:
    plan = read_plan(db.session, leaver, to, g.now)
    return plan if g.actor.role is Role.ADMINISTRATOR else without_seals(plan)


def _people(user_id: int) -> list[tuple[str, str]]:
    """Who could take over: everybody of the hub and of the leaver's own organisations."""
    found = dict(hub_people(db.session, g.now)) | dict(colleagues_of(db.session, user_id, g.now))
    found.pop(user_id, None)
    return sorted(((str(who), words) for who, words in found.items()), key=lambda pair: pair[1].casefold())


def _do(form: HandoverForm, plan: Plan) -> bool:
    """Move it, and end the account when asked; False when it was refused, with the reasons on the form."""
    try:
        moved = hand_over(db.session, g.actor, plan, why=form.why.data, now=g.now)
        with transaction(db.session):
            note(db.session, "handed_over", count=moved.count, account=plan.leaver.id)
            TYPED.discard()
            if form.ends.data:
                end_account(db.session, g.actor, plan.leaver, why=form.why.data, now=g.now)
    except AccountRefused as no:
        form.form_errors.extend(no.reasons)
        return False
    except ActionRefused as no:
        form.show(no)
        return False
    taker = plan.to.name if plan.to is not None else ""
    flash(f"{count(moved.count, 'thing has', 'things have')} moved from {plan.leaver.name} to {taker}.", "success")
    for thing in moved.refused:
        flash(f"{thing.words} stayed: {thing.why_not}.", "late")
    if form.ends.data:
        flash(f"{plan.leaver.name} can no longer sign in.", "success")
    return True


def _is_a_handover(posted: Request) -> bool:
    return posted.endpoint == "leavers.show"


KEEPERS = (TYPED.keeper(_is_a_handover),)
