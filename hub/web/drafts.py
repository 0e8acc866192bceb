"""What a person was typing when something came between: kept outside the engine, offered back, taken in once.

One draft for each window: every form carries a `page` token of its own, so two windows never overwrite each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Request, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.web.database import db
from hub.web.filters import time_of_day

PAGE = "page"
"""Name of the hidden field with the window's token."""
NOT_KEPT = frozenset({"csrf_token", "submit", "do"})
NO_WORDS = NOT_KEPT | {"seen", PAGE}
"""Fields of a post that nobody typed."""
MOST_FIELDS = 200
MOST_WINDOWS = 5
"""Drafts of one person for one action on one item; the oldest goes when there are more."""
LONGEST = 20_000
"""Characters of one field."""
LONGEST_TOKEN = 60
LONGEST_NUMBER = 9
"""Digits that always fit the database's whole numbers."""
SOMEBODY_ELSE = "Not saved: somebody else has signed in here since. Copy what you typed before you leave this page."

Fields = Mapping[str, Sequence[str]]


def new_page() -> str:
    """A token for a form that is shown now. It begins with its reader, so that nobody else's words are taken in."""
    actor = g.get("actor")
    return f"{actor.user_id if actor else 0}-{secrets.token_hex(8)}"


def page_of(fields: Fields) -> str:
    """The window's token in a post; empty when it carries none."""
    return next(iter(fields.get(PAGE) or ()), "").replace("\0", "")[:LONGEST_TOKEN]


def is_of(user_id: int, page: str) -> bool:
    """Whether a form with this token was shown to this person. One without a token could be anybody's: it is theirs."""
    return not page or page.partition("-")[0] == str(user_id)


def keep(
    session: Session,
    *,
    user_id: int,
    kind: str,
    action: str,
    fields: Mapping[str, list[str]],
    item_id: int | None,
    now: datetime,
) -> bool:
    """Keep what was typed as this window's draft. The caller commits. False: the page was shown to somebody else."""
    page = page_of(fields)
    if not is_of(user_id, page):
        return False
    kept = {
        name: [value[:LONGEST].replace("\0", "") for value in values]
        for name, values in list(fields.items())[:MOST_FIELDS]
        if name not in NOT_KEPT and "\0" not in name
    }
    key: dict[str, Any] = {"user_id": user_id, "item_id": item_id, "kind": kind, "action": action}
    typed_now = {
        "fields": kept,
        "item_version": version_of(kept.get("seen", [""])[0]),
        "saved_at": now,
        "is_set_aside": False,
    }
    window: list[Any] = [Draft.user_id, Draft.kind, text("coalesce(item_id, 0)"), Draft.action, Draft.page]
    session.execute(
        insert(Draft)
        .values(**key, page=page, **typed_now)
        .on_conflict_do_update(index_elements=window, set_=typed_now, where=Draft.saved_at <= now)
    )
    newest = select(Draft.id).where(*_of(**key)).order_by(Draft.saved_at.desc(), Draft.id.desc()).limit(MOST_WINDOWS)
    session.execute(delete(Draft).where(*_of(**key), Draft.id.not_in(newest)))
    return True


def save(*, kind: str, action: str, item_id: int | None) -> ResponseReturnValue:
    """Keep what this post holds as the signed-in person's draft; gives the words to show beside the form."""
    with transaction(db.session):
        is_kept = keep(
            db.session,
            user_id=g.actor.user_id,
            kind=kind,
            action=action,
            fields=typed(request),
            item_id=item_id,
            now=g.now,
        )
    if not is_kept:
        return {"said": SOMEBODY_ELSE}, HTTPStatus.CONFLICT
    return {"said": f"Draft saved at {time_of_day(g.now)}."}


def find(session: Session, *, user_id: int | None, kind: str, action: str, item_id: int | None) -> Draft | None:
    """This person's newest draft of this action, to fill the form with. One with nothing typed in it is none."""
    drafts = all_of(session, user_id=user_id, kind=kind, action=action, item_id=item_id)
    return next((draft for draft in drafts if not draft.is_set_aside and words_in(draft.fields)), None)


def all_of(session: Session, *, user_id: int | None, kind: str, action: str, item_id: int | None) -> list[Draft]:
    """This person's drafts of this action, one for each window, newest first."""
    mine = _of(user_id=user_id, kind=kind, action=action, item_id=item_id)
    return list(session.scalars(select(Draft).where(*mine).order_by(Draft.saved_at.desc(), Draft.id.desc())))


def actions_typed(session: Session, user_id: int, item_id: int) -> set[str]:
    """Names of the actions of an item for which this person has a draft with words in it that fills a form."""
    mine = (Draft.user_id == user_id, Draft.item_id == item_id, Draft.is_set_aside.is_(False))
    return {draft.action for draft in session.scalars(select(Draft).where(*mine)) if words_in(draft.fields)}


def discard(
    session: Session,
    *,
    user_id: int | None,
    kind: str,
    action: str,
    item_id: int | None,
    sent: Fields | None = None,
) -> None:
    """The action was done with `sent` (this request's fields unless given): forget the draft of its window.

    Drafts of other windows whose every word was sent too go with it. The others are set aside: from now on they are
    shown to be copied, and fill no form, for they were typed before what is now on record.
    """
    sent = typed(request) if sent is None else sent
    key: dict[str, Any] = {"user_id": user_id, "kind": kind, "action": action, "item_id": item_id}
    spent = [
        draft.id
        for draft in all_of(session, **key)
        if draft.page == page_of(sent) or is_within(words_in(draft.fields), words_in(sent))
    ]
    session.execute(delete(Draft).where(Draft.id.in_(spent)))
    session.execute(update(Draft).where(*_of(**key)).values(is_set_aside=True))


def words_in(fields: Fields) -> dict[str, str]:
    """What was typed or chosen in a post, by name of the field; an empty box is left out."""
    found = {name: plain("\n".join(values)) for name, values in fields.items() if name not in NO_WORDS}
    return {name: said for name, said in found.items() if said}


def plain(said: str) -> str:
    """Text as it is compared: a browser ends its lines otherwise than the database."""
    return said.replace("\r\n", "\n").strip()


def is_within(older: Mapping[str, str], newer: Mapping[str, str]) -> bool:
    """Whether every word of `older` stands in the same box of `newer`, so that nothing is lost without it."""
    return all(said in newer.get(name, "") for name, said in older.items())


def _of(*, user_id: int | None, kind: str, action: str, item_id: int | None) -> tuple[ColumnElement[bool], ...]:
    item = func.coalesce(Draft.item_id, 0) == (item_id or 0)
    return Draft.user_id == user_id, Draft.kind == kind, Draft.action == action, item


def version_of(seen: str | None) -> int | None:
    """The item's version a form says it was made from, or None for anything that is not one."""
    return int(seen) if seen and seen.isdecimal() and len(seen) <= LONGEST_NUMBER else None


def as_form(draft: Draft) -> MultiDict[str, str]:
    """The draft as if it had just been posted, from a window of its own."""
    return MultiDict([(name, value) for name, values in draft.fields.items() if name != PAGE for value in values])


def typed(request: Request) -> dict[str, Any]:
    """The fields of a post, several values of one name kept."""
    return {name: request.form.getlist(name) for name in request.form}
