"""What a person was typing when something came between: kept outside the engine, offered back, taken in once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Request, g, request
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from hub.db import transaction
from hub.engine.models import Draft
from hub.web.database import db
from hub.web.filters import time_of_day

NOT_KEPT = frozenset({"csrf_token", "submit"})
MOST_FIELDS = 200
LONGEST = 20_000
"""Characters of one field."""
LONGEST_NUMBER = 9
"""Digits that always fit the database's whole numbers."""


def keep(
    session: Session,
    *,
    user_id: int,
    kind: str,
    action: str,
    fields: Mapping[str, list[str]],
    item_id: int | None,
    now: datetime,
) -> None:
    """Keep what was typed as this person's one draft of this action on this item. The caller commits."""
    kept = {
        name: [value[:LONGEST].replace("\0", "") for value in values]
        for name, values in list(fields.items())[:MOST_FIELDS]
        if name not in NOT_KEPT and "\0" not in name
    }
    values = {
        "user_id": user_id,
        "item_id": item_id,
        "kind": kind,
        "action": action,
        "fields": kept,
        "item_version": version_of(kept.get("seen", [""])[0]),
        "saved_at": now,
    }
    discard(session, user_id=user_id, kind=kind, action=action, item_id=item_id)
    session.execute(insert(Draft).values(**values).on_conflict_do_nothing())


def save(*, kind: str, action: str, item_id: int | None) -> dict[str, str]:
    """Keep what this post holds as the signed-in person's draft; gives the words to show beside the form."""
    with transaction(db.session):
        keep(
            db.session,
            user_id=g.actor.user_id,
            kind=kind,
            action=action,
            fields=typed(request),
            item_id=item_id,
            now=g.now,
        )
    return {"said": f"Draft saved at {time_of_day(g.now)}."}


def find(session: Session, *, user_id: int | None, kind: str, action: str, item_id: int | None) -> Draft | None:
    """This person's draft of this action, if there is one."""
    return session.scalar(
        select(Draft).where(
            Draft.user_id == user_id,
            Draft.kind == kind,
            Draft.action == action,
            Draft.item_id == item_id if item_id is not None else Draft.item_id.is_(None),
        )
    )


def discard(session: Session, *, user_id: int | None, kind: str, action: str, item_id: int | None) -> None:
    """Forget the draft: its action was done."""
    session.execute(
        delete(Draft).where(
            Draft.user_id == user_id,
            Draft.kind == kind,
            Draft.action == action,
            Draft.item_id == item_id if item_id is not None else Draft.item_id.is_(None),
        )
    )


def version_of(seen: str | None) -> int | None:
    """The item's version a form says it was made from, or None for anything that is not one."""
    return int(seen) if seen and seen.isdecimal() and len(seen) <= LONGEST_NUMBER else None


def as_form(draft: Draft) -> MultiDict[str, str]:
    """The draft as if it had just been posted."""
    return MultiDict([(name, value) for name, values in draft.fields.items() for value in values])


def typed(request: Request) -> dict[str, Any]:
    """The fields of a post, several values of one name kept."""
    return {name: request.form.getlist(name) for name in request.form}
