"""A stay in words: where and how long, leave, the way out, and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.engine.reading import Reading
from hub.engine.visibility import View
from hub.organisations.models import Unit
from hub.stays.models import Stay
from hub.stays.queries import Leave
from hub.web.filters import count, day, moment, moment_within
from hub.web.sections import given
from hub.web.stored_words import shown
from workflows.durations import length_words, local
from workflows.stay import THERE, State

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """One leave in words."""

    title: str
    pairs: Pairs


class StayPage:
    """A stay as one person may see it at one moment."""

    def __init__(self, reading: Reading, leaves: Sequence[Leave], now: datetime) -> None:
        self.reading = reading
        self.item: Stay = reading.item
        self.leaves = leaves
        self.now = now

    @property
    def is_told(self) -> bool:
        """Whether this person reads what is recorded, beside that there is a stay."""
        return self.reading.view is View.ALL

    @property
    def is_there(self) -> bool:
        """Whether the person has a bed there now."""
        return self.item.state in THERE

    @property
    def facts(self) -> Pairs:
        """The strip of short facts."""
        ended = ended_at(self.item)
        length = days_words(self.item.began_at, ended or self.now)
        planned = self.item.estimated_discharge_on
        facts = [("Length of stay" if ended else "Here so far", length), ("Admitted", moment(self.item.began_at))]
        if ended:
            facts.append(("Transferred" if self.item.transferred_at else "Left", moment(ended)))
        return [*facts, ("Estimated discharge", day(planned) or "not set")]

    @property
    def where(self) -> Pairs:
        """Which unit, and how the stay ended."""
        item = self.item
        return given(
            ("Unit", place_words(item.unit)),
            ("Provider", item.unit.site.organisation.name if item.unit else ""),
            ("Went to", place_words(item.next_unit) or shown(item.destination, codes="discharge_destination")),
        )

    @property
    def discharge_passed(self) -> str:
        """How long ago the estimated discharge date was, while the person is still there; else nothing."""
        planned = self.item.estimated_discharge_on
        days = (local(self.now).date() - planned).days if planned is not None else 0
        return count(days, "day") if self.is_there and days > 0 else ""

    @property
    def away(self) -> Leave | None:
        """The leave that goes on now."""
        latest = self.leaves[0] if self.leaves else None
        return latest if latest is not None and not latest.is_over else None

    @property
    def away_line(self) -> LeaveLine | None:
        """That leave in words."""
        return self._line(self.away) if self.away is not None else None

    @property
    def overdue(self) -> str:
        """How long a return is late; nothing when nobody is late."""
        away = self.away
        is_late = away is not None and away.until_at < self.now
        return length_words(self.now - away.until_at, exact=False) if away is not None and is_late else ""

    @property
    def due_back(self) -> str:
        """When the person on leave is expected, as it stands inside a sentence."""
        return moment_within(self.away.until_at, self.now) if self.away is not None else ""

    @property
    def past_leaves(self) -> list[LeaveLine]:
        """The leaves that are over, the latest first."""
        return [self._line(leave) for leave in self.leaves if leave.is_over]

    def _line(self, leave: Leave) -> LeaveLine:
        kind = shown(leave.kind, codes="leave_kind")
        return LeaveLine(
            title=f"{kind}, {day(leave.from_at)}",
            pairs=[
                ("Leave", kind),
                ("From", moment(leave.from_at)),
                ("Back by", moment(leave.until_at)),
                ("Return", _outcome(leave)),
                ("Granted by", leave.granted_by),
                ("Terms", leave.terms),
                ("Recorded by", leave.recorded_by),
            ],
        )

    @property
    def follow_up(self) -> Pairs:
        """Who saw or spoke to the person after they left."""
        item = self.item
        return given(
            ("When", moment(item.followed_up_at)),
            ("How", shown(item.followed_up_how, codes="follow_up_how")),
            ("By", item.followed_up_by),
            ("How they were", item.follow_up_notes),
        )

    @property
    def next_steps(self) -> list[str]:
        """What happens next, one sentence each."""
        within = self.item.policy.duration("stay.follow_up").text
        after = f"After discharge somebody sees or speaks to the person within {within}"
        steps = {
            State.CURRENT: [
                "The unit records leave, and plans the discharge",
                "The discharge date is changed, with the reason, when it can no longer be met",
                after,
            ],
            State.ON_LEAVE: [f"The unit records the return, due {self.due_back}", "The bed stays the person’s", after],
            State.AWAITING_FOLLOW_UP: [
                f"Somebody sees or speaks to the person within {within} of leaving, and it is recorded here",
                "Then the stay is closed",
            ],
        }
        return steps.get(State(self.item.state), [])


def ended_at(stay: Stay) -> datetime | None:
    """When the person left the unit, by discharge or transfer."""
    return stay.left_at or stay.transferred_at


def place_words(unit: Unit | None) -> str:
    """ "Linden, Tarn House"; nothing for no unit."""
    return f"{unit.name}, {unit.site.name}" if unit is not None else ""


def days_words(begun: datetime, until: datetime) -> str:
    """ "12 days", by dates in London as wards count them: "less than a day" on the day itself."""
    days = (local(until).date() - local(begun).date()).days
    return count(days, "day") if days > 0 else "less than a day"


def _outcome(leave: Leave) -> str:
    if leave.returned_at is None:
        return "The stay ended during this leave" if leave.is_over else "Not back yet"
    late = leave.returned_at - leave.until_at
    came = f"Back {moment(leave.returned_at)}"
    return f"{came}, {length_words(late, exact=False)} late" if late.total_seconds() >= 60 else f"{came}, in time"
