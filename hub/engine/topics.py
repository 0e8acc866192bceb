"""Topics and who listens: what happens inside the hub because of an action, in the same transaction."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflows.core import Actor


@dataclass(frozen=True)
class Happened:
    """One history row, as a listener sees it. `at` is the moment the action counts from."""

    session: Session
    item: Any
    """The work item, already in its new state."""
    topic: str
    action: str
    position: int
    actor: Actor
    at: datetime
    values: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None


Listener = Callable[[Happened], None]
_listeners: dict[str, list[Listener]] = defaultdict(list)


def listen(topic: str, listener: Listener) -> None:
    """Let `listener` run whenever `topic` is emitted; the same one is registered once."""
    if listener not in _listeners[topic]:
        _listeners[topic].append(listener)


def listeners(topic: str) -> tuple[Listener, ...]:
    """Who listens to `topic`, in the order they were registered."""
    return tuple(_listeners.get(topic, ()))


def unheard(topics: tuple[str, ...]) -> tuple[str, ...]:
    """The topics nobody listens to."""
    return tuple(topic for topic in topics if not _listeners.get(topic))
