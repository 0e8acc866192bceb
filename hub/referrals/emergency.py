"""An emergency by telephone: written down and sent from one page, and what happens next."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.beginning import earlier_of_this_page, this_page, unsent
from hub.referrals.emergency_form import EmergencyForm, emergency_form, read_emergency
from hub.referrals.models import Referral
from hub.referrals.receipts import find_receipt
from hub.referrals.services import AlreadyBegun, new_referral
from hub.web import access, drafts
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("emergency", __name__, url_prefix="/referrals/emergency")
WHO = (Role.REFERRER, Role.COORDINATOR, Role.ON_CALL)
SEND = "send"
TYPED = PageDrafts(Referral.workflow.name, "emergency")
_DECLARED = {"declaration": True}
"""The sentence beside the button says so."""


@blueprint.route("", methods=["GET", "POST"])
@access.roles(*WHO)
def new() -> ResponseReturnValue:
    """What a caller tells, sent at once or kept as a draft."""
    found = unsent(TYPED) if request.method != "POST" else None
    form = emergency_form(g.actor)(formdata=drafts.as_form(found)) if found else emergency_form(g.actor)()
    if request.method != "POST":
        windows = TYPED.windows_of(form)
        return render_template("referrals/emergency.html", form=form, draft=found, windows=windows)
    form.validate()
    is_sent = request.form.get("do") == SEND
    try:
        made = _write_down(form, is_sent=is_sent)
    except AlreadyBegun:
        return _sent_twice(form, is_sent=is_sent)
    except ActionRefused as refused:
        return _refused(form, refused, is_sent=is_sent)
    if is_sent:
        return redirect(url_for("emergency.sent", reference=made.reference), HTTPStatus.SEE_OTHER)
    flash(f"{made.reference} is kept as a draft. It is not sent yet.", "success")
    return redirect(url_for("referrals.show", reference=made.reference), HTTPStatus.SEE_OTHER)


@blueprint.post("/draft")
@access.roles(*WHO)
def save_draft() -> ResponseReturnValue:
    """What is being typed while the caller speaks."""
    return TYPED.save()


@blueprint.get("/<reference>")
@access.roles(*WHO)
def sent(reference: str) -> ResponseReturnValue:
    """It is on its way: reference, deadline, who is told, and what is still owed."""
    receipt = find_receipt(db.session, reference, g.actor, g.now) or abort(HTTPStatus.NOT_FOUND)
    with transaction(db.session):
        note(db.session, "opened", case_id=receipt.case_id, item_id=receipt.item_id, reference=reference)
    return render_template("referrals/emergency_sent.html", receipt=receipt)


def _write_down(form: EmergencyForm, *, is_sent: bool) -> Referral:
    """The referral, and its sending when that was asked for: both or neither. Raises ActionRefused."""
    values, problems = read_emergency(form, g.now, is_sent=is_sent)
    if problems or form.errors:
        raise ActionRefused(problems)
    with transaction(db.session):
        # The hub has it from the telephone call on; from a referrer only when it is sent, and the engine sets that.
        received = {"received_at": g.now} if g.actor.is_hub else {}
        made = new_referral(db.session, g.actor, now=g.now, values={**values, **received}, page=this_page())
        if is_sent:
            perform(db.session, made, "submit", g.actor, now=g.now, values=_DECLARED)
        TYPED.discard()
    return made


def _sent_twice(form: EmergencyForm, *, is_sent: bool) -> ResponseReturnValue:
    """The same page again makes no second referral: the first one is shown."""
    values, _ = read_emergency(form, g.now, is_sent=is_sent)
    earlier = earlier_of_this_page(form, values)
    if earlier is None:
        page = render_template("referrals/emergency.html", form=form, draft=None, windows=[], is_sent=is_sent)
        return page, HTTPStatus.CONFLICT
    if not earlier.is_draft:
        return redirect(url_for("emergency.sent", reference=earlier.reference), HTTPStatus.SEE_OTHER)
    flash(f"{earlier.reference} is kept as a draft. It is not sent yet.", "success")
    return redirect(url_for("referrals.show", reference=earlier.reference), HTTPStatus.SEE_OTHER)


def _refused(form: EmergencyForm, refused: ActionRefused, *, is_sent: bool) -> ResponseReturnValue:
    """The page again with everything typed, and all that is missing or wrong, each beside its box.

    It is kept as well: without JavaScript nothing else has it when the page is left.
    """
    TYPED.save()
    form.show(refused)
    page = render_template("referrals/emergency.html", form=form, draft=None, windows=[], is_sent=is_sent)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint in {"emergency.new", "emergency.save_draft"}),)
"""What the application asks to keep a post that came too late."""
