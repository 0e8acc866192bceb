"""An item as an object that nothing was read of yet: `perform` reads it under its lock, and once is enough."""

from typing import TypeVar

from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.models import WorkItem

Item = TypeVar("Item", bound=WorkItem)


def unread(session: Session, model: type[Item], identity: int) -> Item:
    """The item of this id without a statement; the session's own object when it has one already.

    For whoever acts and shows nothing before: a reaction, a job. An id that names no item is refused by `perform`.
    """
    key = session.identity_key(model, identity)
    held = session.identity_map.get(key)
    if held is not None:
        assert isinstance(held, model)
        return held
    item = model()
    set_committed_value(item, "id", identity)
    set_committed_value(item, "kind", model.workflow.name)
    make_transient_to_detached(item)
    session.add(item)
    return item
