"""Putting an item into its case."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.models import WorkItem


def attach_case(session: Session, item: Any, case_id: int) -> None:
    """Say which case the item belongs to; done by a reaction, in the transaction of the action that made it so."""
    if item.case_id == case_id:
        return
    session.execute(
        update(WorkItem)
        .where(WorkItem.id == item.id)
        .values(case_id=case_id)
        .execution_options(synchronize_session=False)
    )
    set_committed_value(item, "case_id", case_id)
    session.expire(item, ["case"])
