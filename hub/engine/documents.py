"""What adding a document to an item does, and taking one back; the bytes are kept before either is asked for."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from hub.db import Base
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.statements import insert, update
from hub.engine.turn import Turn
from hub.engine.visibility import audience_for, is_for
from workflows.everyday import may_take_back


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes were looked at and are kept already: the answer to a question for a file."""

    name: str
    """As it is shown: cleaned, at most 120 characters."""
    kind: str
    """What its content is, a key of hub/documents/kinds.py: "pdf"."""
    bytes: int
    sha256: str
    """64 hex digits; also where the bytes are kept."""
    scan: str
    """ "clean" or "not_scanned"."""


_KEPT = ("item_id", "position", "name", "kind", "bytes", "sha256", "audience", "added_by_id", "acting_as", "at", "scan")
_TAKEN_BACK = ("taken_back_at", "taken_back_by_id", "taken_back_why")


def add_document(turn: Turn) -> None:
    """One row, beside the history row that names the file and its hash."""
    given: StoredFile = turn.values["document"]
    audience = audience_for(turn.item, turn.actor, turn.values["audience"])
    same = [row for row in _documents(turn) if row.sha256 == given.sha256 and row.taken_back_at is None]
    # One for other eyes may be here too: that it is, nobody is told who may not read it.
    if any(row.audience == audience for row in same):
        raise ActionRefused([Problem(f"“{given.name}” is here already, so it was not added again", "document")])
    turn.audience = audience
    turn.entered["document"] = {"new": given.name}
    # In the chained history, so that other bytes under the same row would show.
    turn.entered["document_content"] = {"new": [{"sha256": given.sha256, "bytes": given.bytes}]}
    values = {
        "item_id": turn.item.id,
        "position": turn.item.history_length + 1,
        "name": given.name,
        "kind": given.kind,
        "bytes": given.bytes,
        "sha256": given.sha256,
        "audience": audience,
        "added_by_id": turn.actor.user_id,
        "acting_as": turn.actor.membership_id,
        "at": turn.now,
        "scan": given.scan,
    }
    turn.writes.append((insert("document", _KEPT), values))


def take_back_document(turn: Turn) -> None:
    """The row stays, with who took it back, when and why; whoever could see it can read that it was."""
    chosen = next((row for row in _documents(turn) if row.id == turn.values["document_id"]), None)
    # Whom nobody shows it, nobody asks for it: a convenor takes back what all read, and no side's own.
    if chosen is None or not may_take_back(chosen, turn.item, turn.actor) or not is_for(turn.actor, chosen.audience):
        raise ActionRefused([Problem("Choose a document from the list", "document_id")])
    turn.audience = chosen.audience
    turn.entered["document"] = {"old": chosen.name}
    values = {
        "id": chosen.id,
        "taken_back_at": turn.now,
        "taken_back_by_id": turn.actor.user_id,
        "taken_back_why": turn.reason,
    }
    turn.writes.append((update("document", _TAKEN_BACK), values))


def _documents(turn: Turn) -> list[Any]:
    """The item's documents as they are now, under the item's lock."""
    table = Base.metadata.tables["document"]
    return list(turn.session.execute(select(table).where(table.c.item_id == turn.item.id).order_by(table.c.id)))
