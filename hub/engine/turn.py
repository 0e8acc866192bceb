"""One action under way: what was read under the lock, and what will be written when the turn ends."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.models import FAR
from hub.engine.rulebook import Rulebook
from hub.engine.statements import KindTable
from workflows.calendar import Calendar
from workflows.core import Action, Actor
from workflows.policy import PolicySet

Row = SimpleNamespace
"""A row read by the driver: attributes are its columns."""


@dataclass
class Turn:
    """Everything about one `start` or `perform`, from lock to last write."""

    session: Session
    kind: KindTable
    item: Any
    action: Action
    actor: Actor
    now: datetime
    values: dict[str, Any]
    reason: str | None
    parties: list[Row]
    clocks: list[Row]
    rulebook: Rulebook
    from_state: str | None
    to_state: str
    audience: str = "all"
    entered: dict[str, Any] = field(default_factory=dict)
    """What history keeps of the values: {field: {"old": …, "new": …}}."""
    shared_changes: dict[str, Any] = field(default_factory=dict)
    own_changes: dict[str, Any] = field(default_factory=dict)
    tells: list[int] = field(default_factory=list)
    """Accounts that hear of it besides those whom its topics always tell."""
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Further statements with their values, in order."""

    @property
    def policy(self) -> PolicySet:
        """The policy set stamped on the item, or the one in force for one that was not sent yet."""
        return self.rulebook.policy(self.item.policy_version_id, self.now)

    @property
    def calendar(self) -> Calendar:
        """The working calendar of that policy set."""
        return self.rulebook.calendar(self.item.policy_version_id, self.now)

    def change(self, name: str, value: Any, *, enter: bool = True) -> None:
        """Set a column of the item, at once in memory and in the database when the turn ends."""
        old = getattr(self.item, name)
        if name in self.kind.shared:
            self.shared_changes[name] = value
        else:
            self.own_changes[name] = value
        if enter and old != value:
            self.entered[name] = {"old": as_json(old), "new": as_json(value)}
        set_committed_value(self.item, name, value)

    def has_column(self, name: str) -> bool:
        """Whether the item stores `name` itself, beside its history."""
        return name in self.kind.own or name in {"priority", "service_line", "owner_id"}

    def next_due(self) -> datetime:
        """The earliest unstopped, unpaused clock, overdue included; far away when there is none."""
        return min((clock.due_at for clock in self.clocks if clock.is_running), default=FAR)


def as_json(value: Any) -> Any:
    """A value as history keeps it: dates and moments as ISO text, everything else as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [as_json(part) for part in value]
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items()}
    if isinstance(value, float):
        raise TypeError("history keeps no fractions: say pence, seconds or text")
    return value
