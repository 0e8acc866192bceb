"""Starting a referral: what it is about, who has a reason to see it, and what it is called in lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.db import Base
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.visibility import visible
from hub.organisations.models import Organisation
from hub.organisations.queries import active_collaborative, find_organisation
from hub.referrals.models import Referral
from workflows.core import Actor
from workflows.referral import REFERRAL
from workflows.roles import Capacity, Role

NOT_NAMED = "Name not known"


class AlreadyBegun(ActionRefused):
    """A referral was begun from this very page before: it was sent twice, or again after going back."""

    def __init__(self) -> None:
        super().__init__(["A referral was begun from this page before"])


def new_referral(
    session: Session, actor: Actor, *, now: datetime, values: Mapping[str, Any], page: str = ""
) -> Referral:
    """A new draft referral. `values` are typed answers of Form 1 by column name; the caller commits.

    `page` is the token of the page it was written on: one page begins one referral, else AlreadyBegun is raised.

    A referrer refers for their own organisation, whatever `referring_organisation` says. The hub names the referring
    organisation by ODS code, and becomes a party itself, so that colleagues see the draft. Raises ActionRefused.
    """
    referring = _referring_organisation(session, actor, values.get("referring_organisation"))
    line = values.get("service_line")
    collaborative = active_collaborative(session, line) if line else None
    referral: Referral = start(
        session,
        REFERRAL,
        actor,
        now=now,
        values={**values, "referring_organisation": referring.ods_code},
        about=Beginning(
            title=title_of(values),
            collaborative_id=collaborative.id if collaborative else None,
            parties=parties_of(referring.id, actor.organisation_id if actor.is_hub else None),
        ),
    )
    if page:
        _begun_from(session, referral, page)
    return referral


def _begun_from(session: Session, referral: Referral, page: str) -> None:
    # By a statement of its own: the token is no answer, and history does not keep it.
    table = Base.metadata.tables["referral"]
    try:
        session.execute(update(table).where(table.c.id == referral.id).values(begun_from=page))
    except IntegrityError as twice:
        raise AlreadyBegun() from twice


def begun_before(session: Session, actor: Actor, page: str) -> Referral | None:
    """The referral that was begun from this page, as far as this person may see it."""
    return session.scalars(visible(Referral, actor).where(Referral.begun_from == page)).one_or_none()


def title_of(values: Mapping[str, Any]) -> str:
    """ "O'Neill, Aoife"; words instead when the person is not named."""
    return ", ".join(part for part in (values.get("family_name"), values.get("given_name")) if part) or NOT_NAMED


def parties_of(referring_id: int, hub_id: int | None) -> list[PartyTo]:
    """Whoever referred, and the hub when it wrote the referral down for them; one party when they are the same."""
    if referring_id == hub_id:
        return [PartyTo((Capacity.REFERRER, Capacity.REQUESTER), organisation_id=hub_id, why="Referred the person")]
    parties = [PartyTo((Capacity.REFERRER,), organisation_id=referring_id, why="Referred the person")]
    if hub_id is not None:
        parties.append(PartyTo((Capacity.REQUESTER,), organisation_id=hub_id, why="Took the referral down"))
    return parties


def _referring_organisation(session: Session, actor: Actor, code: str | None) -> Organisation:
    if actor.role is Role.REFERRER:
        own = session.get(Organisation, actor.organisation_id) if actor.organisation_id is not None else None
        if own is None:
            raise ActionRefused([Problem("You refer for an organisation, and yours is not known: ask the hub")])
        return own
    if not code:
        raise ActionRefused([Problem("Choose the organisation that refers the person", "referring_organisation")])
    found = find_organisation(session, code)
    if found is None:
        words = f"“{code}” is not an organisation the hub knows: choose one from the list"
        raise ActionRefused([Problem(words, "referring_organisation")])
    return found


__all__ = ["NOT_NAMED", "AlreadyBegun", "begun_before", "new_referral", "parties_of", "title_of"]
