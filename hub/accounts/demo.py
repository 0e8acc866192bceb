"""Demo sign-ins: the demo world's people, listed on the sign-in page, one click each. Registered in demo mode only."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue

from hub.accounts.models import UserAccount
from hub.accounts.queries import HeldRole, held_roles
from hub.accounts.views import admit
from hub.db import transaction
from hub.web.access import public, safe_next
from hub.web.database import db
from workflows.durations import local

blueprint = Blueprint("demo_sign_in", __name__)


def demo_sign_ins() -> list[tuple[str, list[HeldRole]]]:
    """The roles of the demo people by organisation, the hub first; accounts of real organisations never."""
    held = held_roles(db.session, local(g.now).date(), demo_only=True)
    held.sort(key=lambda role: (not role.is_hub, role.organisation_name, role.words, role.person))
    return [(name, list(roles)) for name, roles in groupby(held, key=lambda role: role.organisation_name)]


@blueprint.app_context_processor
def offer() -> dict[str, object]:
    """For the sign-in page, which lists them when they are there."""
    return {"demo_sign_ins": demo_sign_ins}


@blueprint.post("/sign-in/demo/<int:membership_id>")
@public
def sign_in(membership_id: int) -> ResponseReturnValue:
    """Sign in as a demo person, without a password."""
    held = {role.membership_id: role for role in held_roles(db.session, local(g.now).date(), demo_only=True)}
    if membership_id not in held:
        abort(404)
    account = db.session.get_one(UserAccount, held[membership_id].user_id)
    with transaction(db.session):
        return admit(account, safe_next(request.form.get("next")), membership_id=membership_id)
