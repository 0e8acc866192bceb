"""Referral pages: a new one, the item, and the one action page."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import Banner, banner_loads, banner_of_case, banner_of_form
from hub.cases.models import CareCase
from hub.db import transaction
from hub.engine.models import Draft
from hub.engine.refusal import ActionRefused
from hub.referrals.answers_page import outcome_of, sections_of
from hub.referrals.forms import (
    EMERGENCY_WORDS,
    ReferralForm,
    answers_of,
    clean_correction,
    clean_fill_in,
    referral_form,
    shown_in_form,
)
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from hub.web import access, drafts
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db
from workflows.form1 import EMERGENCY_SET, FIELD
from workflows.roles import Role

blueprint = Blueprint("referrals", __name__, url_prefix="/referrals")
NEW = "new"


def banner(referral: Referral) -> Banner:
    """Who it is about: the case's person, or what was typed while there is no case."""
    if referral.case is None:
        return banner_of_form(referral)
    return banner_of_case(referral.case, g.now, is_hub=g.actor.is_hub, form=referral)


PAGES = Pages(
    model=Referral,
    endpoint="referrals.show",
    options=(
        joinedload(Referral.owner),
        joinedload(Referral.referring),
        joinedload(Referral.icb),
        joinedload(Referral.authority),
        *banner_loads(Referral.case),
        joinedload(Referral.case).selectinload(CareCase.open_items),
    ),
    banner=banner,
    form_of={"fill_in": lambda _action, _reading: referral_form(g.actor)},
    prefill={"fill_in": lambda reading: shown_in_form(reading.item)},
    clean={"fill_in": clean_fill_in, "correct_field": clean_correction},
    form_template={"fill_in": "workflow/fill_in.html"},
)


@blueprint.route("/new", methods=["GET", "POST"])
@access.roles(Role.REFERRER, Role.COORDINATOR, Role.ON_CALL)
def new() -> ResponseReturnValue:
    """A new referral: saved as a draft, sent from its own page."""
    key = {"kind": Referral.workflow.name, "action": NEW, "item_id": None, "user_id": g.actor.user_id}
    if request.method == "GET":
        found = drafts.find(db.session, **key)
        form = referral_form(g.actor)(formdata=drafts.as_form(found) if found else None)
        return _new_page(form, found)
    form = referral_form(g.actor)()
    form.validate()
    values, problems = answers_of(form, g.now)
    try:
        if problems or form.errors:
            raise ActionRefused(problems)
        with transaction(db.session):
            # The hub has it from the telephone call on; from a referrer only when it is sent, and the engine sets that.
            received = {"received_at": g.now} if g.actor.is_hub else {}
            made = new_referral(db.session, g.actor, now=g.now, values={**values, **received})
            drafts.discard(db.session, **key)
    except ActionRefused as refused:
        for problem in refused.problems:
            form.add_problem(problem.field, problem.message)
        return _new_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"{made.reference} is saved as a draft. Look it over, then send it.", "success")
    return redirect(url_for("referrals.show", reference=made.reference), HTTPStatus.SEE_OTHER)


@blueprint.post("/new/draft")
@access.roles(Role.REFERRER, Role.COORDINATOR, Role.ON_CALL)
def save_new_draft() -> ResponseReturnValue:
    """What is being typed on the page of a new referral."""
    return drafts.save(kind=Referral.workflow.name, action=NEW, item_id=None)


def _new_page(form: ReferralForm, draft: Draft | None = None) -> str:
    needed = [EMERGENCY_WORDS.get(demand.field, FIELD[demand.field].label) for demand in EMERGENCY_SET]
    return render_template("referrals/new.html", form=form, draft=draft, emergency_set=needed)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One referral."""
    return show_item(PAGES, reference, "referrals/show.html", sections_of=sections_of, outcome_of=outcome_of)


action_routes(blueprint, PAGES)
keeper = keep_typed(PAGES)


def keep_new(ended: Any, posted: Any) -> bool:
    """A new referral that was posted after the session ended becomes a draft."""
    if posted.endpoint != "referrals.new":
        return False
    with transaction(db.session):
        drafts.keep(
            db.session,
            user_id=ended.user_id,
            kind=Referral.workflow.name,
            action=NEW,
            fields=drafts.typed(posted),
            item_id=None,
            now=g.now,
        )
    return True


KEEPERS = (keeper, keep_new)
"""What the application asks to keep a post that came too late."""
