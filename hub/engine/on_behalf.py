"""Whom somebody stood in for, on every record that names who made it: `<word>_for_id` beside `<word>_by_id`."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session

STANDS_IN_FOR: Final = "hub.stands_in_for"
"""Key of `session.info`: the account that whoever uses this session stands in for, or None."""


@event.listens_for(Session, "before_flush")
def _name_both(session: Session, *_: Any) -> None:
    """A record that says who made, ended or corrected it says for whom as well, without its writer thinking of it."""
    behind = session.info.get(STANDS_IN_FOR)
    for record in (*session.new, *session.dirty):
        state = inspect(record)
        for by, for_whom in _pairs(state.mapper):
            if state.attrs[by].history.added:
                setattr(record, for_whom, behind if getattr(record, by) is not None else None)


@cache
def _pairs(mapper: Mapper[Any]) -> tuple[tuple[str, str], ...]:
    """The columns of a model that name who did something, each with the one for whom; items are the engine's."""
    names = set(mapper.columns.keys())
    if "history_length" in names:
        return ()
    stems = sorted(name.removesuffix("_by_id") for name in names if name.endswith("_by_id"))
    return tuple((f"{stem}_by_id", f"{stem}_for_id") for stem in stems if f"{stem}_for_id" in names)
