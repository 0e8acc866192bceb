"""Another policy set in force, for tests of what goes by it."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.engine.rulebook import PolicyVersion
from workflows.policy import DEFAULT


def put_in_force(session: Session, key: str, value: Any, *more: Any) -> None:
    """The default set with one value changed, or several (key, value, key, value), in the place of the default one."""
    policy = DEFAULT.with_value(key, value)
    for name, other in zip(more[::2], more[1::2], strict=True):
        policy = policy.with_value(name, other)
    session.execute(update(PolicyVersion).values(content=policy.to_json()))
