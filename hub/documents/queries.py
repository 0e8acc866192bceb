"""Reading documents: one to be opened, and who opened those of an item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from hub.accounts.models import UserAccount
from hub.documents.models import Document
from hub.engine.models import AccessLog, ItemParty, WorkItem
from hub.engine.visibility import View, is_for, may_be_seen, view_of_item
from workflows.actor import Actor


@dataclass(frozen=True, slots=True)
class Opening:
    """One person who opened a document, how often, and the last time."""

    document_id: int
    who: str
    times: int
    last: datetime


def find_document(session: Session, document_id: int) -> Document | None:
    """The document with its item, whoever asks: `may_open` says whether they may have it."""
    return session.scalars(
        select(Document).where(Document.id == document_id).options(joinedload(Document.item))
    ).one_or_none()


def may_open(session: Session, document: Document, actor: Actor) -> bool:
    """Whether this actor may have the bytes: it is theirs to read on its item, and it is still there.

    One that was taken back is nobody's: the hub keeps its bytes, and serves them to no role.
    """
    if document.taken_back_at is not None:
        return False
    seen = select(WorkItem.id).where(WorkItem.id == document.item_id, may_be_seen(actor, [document.item.kind]))
    if session.scalar(seen) is None:
        return False
    live = select(ItemParty).where(ItemParty.item_id == document.item_id, ItemParty.until_at.is_(None))
    return is_read_by(document, view_of_item(document.item, actor, session.scalars(live).all()), actor)


def is_read_by(document: Document, view: View, actor: Actor) -> bool:
    """Whether a document of an item is this actor's to read, who sees that much of it.

    Whoever sees how it ends and no more, such as the referrer of a decision, reads what they added themselves and what
    their organisation keeps to itself.
    """
    kept = {f"organisation:{actor.organisation_id}", f"alone:{actor.organisation_id}"}
    is_own = document.added_by_id in actor.hands or document.audience in kept
    return (view is View.ALL or (view is View.OUTCOME and is_own)) and is_for(actor, document.audience)


def openings_of(session: Session, item_id: int) -> list[Opening]:
    """Who opened each document of an item, from the access log; the last to open it first."""
    number = AccessLog.detail["document"].as_integer()
    query = (
        select(number, UserAccount.name, func.count(), func.max(AccessLog.at))
        .join(UserAccount, UserAccount.id == AccessLog.user_id)
        .where(
            AccessLog.item_id == item_id, AccessLog.detail["document"].astext.is_not(None), AccessLog.what == "opened"
        )
        .group_by(number, UserAccount.id, UserAccount.name)
        .order_by(func.max(AccessLog.at).desc())
    )
    return [Opening(*row) for row in session.execute(query)]
