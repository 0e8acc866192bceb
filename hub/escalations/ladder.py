"""The ladder of a dispute: where it has been and how that ended, where it is with its clock, and what may come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from hub.engine.models import Clock
from hub.engine.reading import Reading
from hub.engine.stored_clocks import deadline_of
from hub.escalations.durations import Durations, durations_of, end_of
from hub.escalations.side_models import Visit
from hub.web.filters import ClockFace, clock_face, count, lower_first, moment_within, short_day, short_moment
from workflows.core import upper_first
from workflows.durations import local
from workflows.escalation.states import IN_WORDS, SHORT, STAGES, State, next_stage
from workflows.escalation.who import URGENT

LEFT_WITH = {State.AGREED: "Agreed", State.DETERMINED: "Determined", State.IMPLEMENTING: "Being carried out"}
ENDED_WITH = {State.CLOSED: "Closed", State.WITHDRAWN: "Withdrawn", State.REFERRED_ON: "Referred on"}
RAN_OUT = "The time of this stage ran out"
OFFERED = "Offered to every side if the time runs out"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: `look` is "past", "here" or "next"."""

    title: str
    look: str
    lines: tuple[str, ...] = ()
    face: ClockFace | None = None


class Faces:
    """The clocks of one item as they look at one moment."""

    def __init__(self, reading: Reading, now: datetime) -> None:
        self._clocks = reading.clocks
        self._item = reading.item
        self._calendar = reading.book.calendar(reading.item.policy_version_id, now)
        self._now = now

    @cached_property
    def durations(self) -> Durations:
        """How long the whole and each visit lasted by now."""
        return durations_of(self._item, self._clocks, self._calendar, self._now)

    def of(self, name: str, per: str | None = None) -> ClockFace | None:
        """The newest clock of this name (and party or row); None when there was none."""
        row = self.row(name, per)
        return self._face(row) if row is not None else None

    def row(self, name: str, per: str | None = None) -> Clock | None:
        """The stored clock behind `of`."""
        rows = [row for row in self._clocks if row.name == name and row.per == per]
        return rows[-1] if rows else None

    def running(self, name: str, per: str | None = None) -> ClockFace | None:
        """As `of`, for a clock that has not ended."""
        row = self.row(name, per)
        return self._face(row) if row is not None and row.stopped_at is None else None

    def _face(self, row: Clock) -> ClockFace:
        deadline = deadline_of(row, self._calendar, now=row.stopped_at or self._now)
        return clock_face(deadline, self._now, row.stopped_at, row.outcome)

    def not_worked(self, name: str) -> list[str]:
        """Why days do not count between now and the end of a clock, each once: "Good Friday", "weekend"."""
        row = self.row(name)
        if row is None or row.stopped_at is not None:
            return []
        deadline = deadline_of(row, self._calendar, now=self._now)
        if not deadline.deciding.rule.basis.is_working:
            return []
        first, last = local(deadline.deciding.start).date(), local(deadline.due_at).date()
        return list(dict.fromkeys(why for _, why in self._calendar.not_worked(first, last)))


def ladder_of(reading: Reading, faces: Faces, now: datetime) -> list[Rung]:
    """Every rung from the bottom, with the end beside the last when the ladder was left."""
    item = reading.item
    return [_raised(item, faces, now), *_stages(item, faces, now), *_left(item, faces, now)]


def _raised(item: Any, faces: Faces, now: datetime) -> Rung:
    said = [f"{short_day(item.opened_at, now)}."]
    if item.state == State.RAISED:
        return Rung("Raised", "here", tuple(said), faces.of("accept"))
    if item.accepted_at is not None:
        said.append(f"Accepted {moment_within(item.accepted_at, now)}")
    elif item.state == State.OUT_OF_SCOPE:
        said.append("Out of scope")
    return Rung("Raised", "past", (" ".join(said),))


def _stages(item: Any, faces: Faces, now: datetime) -> Iterator[Rung]:
    here = STAGES.index(item.state) if item.state in STAGES else None
    for place, stage in enumerate(STAGES):
        title = f"{place + 1}. {upper_first(IN_WORDS[stage])}"
        been = tuple(visit_words(item, visit, faces, now) for visit in item.visits if _is_past(visit, stage))
        length = upper_first(_length(item, stage))
        if item.state == stage:
            yield Rung(title, "here", (*been, *_here(stage, length, faces)), faces.of(f"stage_{SHORT[stage]}"))
        elif here is not None and place > here:
            offer = f"{length}. {OFFERED}" if place == here + 1 else length
            yield Rung(title, "next", (*been, offer))
        elif been:
            yield Rung(title, "past", been)
        elif item.state == State.RAISED:
            yield Rung(title, "next", (length,))
        else:
            yield Rung(title, "next", ("Not needed",))


def _here(stage: State, length: str, faces: Faces) -> tuple[str, ...]:
    row = faces.row(f"stage_{SHORT[stage]}")
    if row is not None and row.rang_at is not None:
        above = next_stage(stage)
        return (length, RAN_OUT if above is None else f"{RAN_OUT}: it can go up to {IN_WORDS[above]}")
    skipped = faces.not_worked(f"stage_{SHORT[stage]}")
    not_counted = f"{upper_first(', '.join(skipped))}: not counted" if skipped else ""
    return tuple(said for said in (length, not_counted) if said)


def _left(item: Any, faces: Faces, now: datetime) -> Iterator[Rung]:
    state = item.state
    if state in ENDED_WITH:
        yield Rung(ENDED_WITH[state], "past", (short_moment(item.closed_at, now),))
    elif state in LEFT_WITH:
        at = item.settled_at if state == State.AGREED else item.determined_at if state == State.DETERMINED else None
        yield Rung(LEFT_WITH[state], "here", (short_moment(at, now),) if at else (), faces.running("start"))


def so_far(item: Any, faces: Faces) -> str:
    """How long it has taken: "5 working days so far, no pauses"; gross first, then net of what was paused."""
    is_urgent, whole = item.urgency == URGENT, faces.durations.whole
    said = whole.gross.words(is_urgent=is_urgent)
    lead = f"{said} so far" if end_of(item) is None else f"It took {said}"
    pauses = len(faces.durations.pauses)
    if not pauses:
        return f"{lead}, no pauses"
    return f"{lead}, {whole.net.words(is_urgent=is_urgent)} without {count(pauses, 'pause')}"


def visit_words(item: Any, visit: Visit, faces: Faces, now: datetime) -> str:
    """When a stage was visited, for how long, and how that ended.

    "Wed 25 March to Mon 30 March: 2 working days. Ran out Mon 30 March, 5pm. Went up".
    """
    begun, ended = short_day(visit.entered_at, now), day_within(visit.left_at, now)
    days = begun if begun.casefold() == ended.casefold() else f"{begun} to {ended}"
    took = faces.durations.visits[visit.id].net.words(is_urgent=item.urgency == URGENT)
    row = faces.row(f"stage_{SHORT[visit.stage]}")
    is_over = (
        row is not None
        and row.rang_at is not None
        and visit.left_at is not None
        and visit.entered_at <= row.due_at <= visit.left_at
    )
    ran_out = f"Ran out {moment_within(row.due_at, now)}" if row is not None and is_over else ""
    return ". ".join(said for said in (f"{days}: {took}", ran_out, how_it_ended(item, visit)) if said)


def how_it_ended(item: Any, visit: Visit) -> str:
    """In words how a visit that is over ended: "Went up", "Sent back", "Determined", "Settled", "Withdrawn"."""
    after = next((each for each in item.visits if each.id > visit.id), None)
    if after is not None and after.came in {"up", "back"}:
        return "Went up" if after.came == "up" else "Sent back"
    if any(issue.at == visit.left_at for issue in item.issues):
        return "Determined"
    if after is None and item.state in {State.WITHDRAWN, State.REFERRED_ON}:
        return ENDED_WITH[item.state]
    return "Settled"


def _is_past(visit: Visit, stage: State) -> bool:
    return visit.stage == stage and visit.left_at is not None


def _length(item: Any, stage: State) -> str:
    text: str = item.policy.duration(f"escalation.stage.{SHORT[stage]}", urgency=item.urgency).text
    return text


def day_within(value: date | datetime | None, now: datetime) -> str:
    """A short day as it stands inside a sentence: "today", "Fri 3 April"."""
    said = short_day(value, now)
    return lower_first(said) if said.startswith(("To", "Yes")) else said
