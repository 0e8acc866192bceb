"""Putting an item into its case."""

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.statements import raw_connection, update


def attach_case(session: Session, item: Any, case_id: int) -> None:
    """Say which case the item belongs to; done by a reaction, in the transaction of the action that made it so."""
    if item.case_id == case_id:
        return
    values = {"id": item.id, "case_id": case_id}
    raw_connection(session).execute(update("work_item", ("case_id",)), values, prepare=True)
    set_committed_value(item, "case_id", case_id)
    session.expire(item, ["case"])
