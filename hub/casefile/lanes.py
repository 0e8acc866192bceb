"""A case as lanes of a timeline: the law, and one lane for each kind of item; drawn, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import workflows
from hub.casefile.dated import StatusEntry
from hub.casefile.queries import CaseItem, CaseReading
from hub.casefile.stays import StayEntry
from hub.cases.stays import stay_words
from hub.codes import known_label
from hub.web.filters import day, moment, moment_within, short_day
from hub.web.swimlanes import Lane, Look, Piece, Strip, Timeline
from workflows.durations import length_words, midnight

SHORTEST = timedelta(days=2)
"""A line of time no shorter than this, or an hour would fill the page."""
LAW_BEFORE = timedelta(days=3)
"""How far back the line goes for a legal status that began before the case."""
AHEAD = timedelta(days=14)
"""How far ahead it goes at least for what ends later; a long past allows a longer future."""
Stretch = tuple[datetime, datetime]


def timeline_of(reading: CaseReading, now: datetime, *, with_law: bool) -> Timeline | None:
    """Everything to draw of a case as its reader may see it; None when there is nothing."""
    standing = [row for row in reading.statuses if row.corrected_at is None] if with_law else []
    stays = [row for row in reading.stays if row.corrected_at is None] if with_law else []
    if not reading.items and not standing and not stays:
        return None
    until = reading.case.closed_at or now
    opened = [reading.case.opened_at, *(line.item.opened_at for line in reading.items)]
    earlier = [*(_begun(row) for row in standing), *(row.from_at for row in stays)]
    first = min([*opened, *(max(begun, min(opened) - LAW_BEFORE) for begun in earlier)])
    ahead = [line.clock.due_at for line in reading.items if line.clock is not None and line.item.is_open]
    ahead += [row.expires_at for row in standing if row.ended_on is None and row.expires_at is not None]
    latest = until + max(AHEAD, until - first)
    last = max([until, first + SHORTEST, *(min(at, latest) for at in ahead)])
    room = (last - first) / 40
    lanes = [*_law(standing, until, now), *_stays_lane(stays, until), *_kinds(reading.items, now)]
    calendar = reading.book.calendar(None, now)
    return Timeline(lanes, first - room, last + room * 2, None if reading.case.closed_at else now, calendar)


def title_of(timeline: Timeline) -> str:
    """The drawing's title."""
    return f"Timeline from {day(timeline.first)} to {day(timeline.last)}"


def _law(standing: Iterable[StatusEntry], until: datetime, now: datetime) -> Iterable[Lane]:
    strips = [_status(row, until, now) for row in sorted(standing, key=lambda row: (_begun(row), row.id))]
    return [Lane("Legal status", tuple(strips))] if strips else []


def _begun(row: StatusEntry) -> datetime:
    return midnight(row.from_on) if row.from_on else row.recorded_at


def _status(row: StatusEntry, until: datetime, now: datetime) -> Strip:
    begun, name = _begun(row), known_label("legal_status", row.code)
    since = f"{name}, from {day(row.from_on)}" if row.from_on else f"{name}, recorded {moment(row.recorded_at)}"
    if row.ended_on is not None:
        end = max(midnight(row.ended_on), begun)
        label = f"{name} to {_short(row.ended_on, now)}"
        return Strip((Piece(begun, end, Look.DONE),), label, f"{since} to {day(row.ended_on)}")
    if row.expires_at is None:
        return Strip(
            (Piece(begun, max(until, begun), Look.LAW),), f"{name}{_since(row, now)}", f"{since}, in force, no end set"
        )
    if row.expires_at <= until:
        pieces = (Piece(begun, max(row.expires_at, begun), Look.LAW), Piece(row.expires_at, until, Look.LATE))
        label = f"{name} ran out {_short(row.expires_at, now)}, nothing recorded since"
        return Strip(pieces, label, f"{since}. Ran out {moment(row.expires_at)}, nothing recorded since")
    label = f"{name}{_since(row, now)}, ends {_short(row.expires_at, now)}"
    return Strip((Piece(begun, row.expires_at, Look.LAW),), label, f"{since}, ends {moment(row.expires_at)}")


def _stays_lane(stays: Iterable[StayEntry], until: datetime) -> Iterable[Lane]:
    strips = [
        Strip(
            (Piece(row.from_at, max(row.until_at or until, row.from_at), Look.DONE if row.until_at else Look.LIVE),),
            row.place,
            stay_words(row.place, row.from_at, row.until_at),
        )
        for row in sorted(stays, key=lambda row: row.from_at)
    ]
    return [Lane("Stays", tuple(strips))] if strips else []


def _since(row: StatusEntry, now: datetime) -> str:
    return f" since {_short(row.from_on, now)}" if row.from_on else ""


def _kinds(lines: Sequence[CaseItem], now: datetime) -> Iterable[Lane]:
    for kind, workflow in workflows.ALL.items():
        own = sorted((line for line in lines if line.item.kind == kind), key=lambda line: line.item.opened_at)
        strips = tuple(_item(line, now, is_alone=len(own) == 1) for line in own)
        if strips:
            yield Lane(workflow.title, strips)


def _item(line: CaseItem, now: datetime, *, is_alone: bool) -> Strip:
    item = line.item
    state = item.workflow.wording_of(item.state).label
    before = "" if is_alone else f"{item.reference}: "
    pieces = _pieces(line, now)
    since = f"{item.reference}, opened {moment(item.opened_at)}"
    told = _told_of_pauses(line, now)
    if not item.is_open:
        ended = item.closed_at or pieces[-1].end
        took = length_words(ended - item.opened_at, exact=False)
        return Strip(pieces, f"{before}{state} after {took}", f"{since}. {state} {moment(ended)}, after {took}{told}")
    clock = line.clock
    if item.is_draft or clock is None:
        return Strip(pieces, f"{before}{state}", f"{since}. Now: {state}{told}")
    if clock.paused_at is not None:
        return Strip(pieces, f"{before}{state}, paused", f"{since}. Now: {state}{told}")
    if clock.due_at <= now:
        label = f"{before}{state}, late since {_near(clock.due_at, now)}"
        return Strip(pieces, label, f"{since}. Now: {state}, was due {moment(clock.due_at)}{told}", clock.due_at)
    label = f"{before}{state}, due {_near(clock.due_at, now)}"
    return Strip(pieces, label, f"{since}. Now: {state}, due {moment(clock.due_at)}{told}", clock.due_at)


def _pieces(line: CaseItem, now: datetime) -> tuple[Piece, ...]:
    """Its stretches in states that go on, cut where it stood still; then the time left, or the time it is late."""
    item, going = line.item, Look.LIVE if line.item.is_open else Look.DONE
    due = line.clock.due_at if line.clock is not None and item.is_open and line.clock.paused_at is None else None
    pieces: list[Piece] = []
    for state, (start, end) in _stays(line, now):
        if state in item.workflow.ends or (state in item.workflow.drafts and not item.is_draft):
            continue  # what came before it was sent is its writer's own time
        if item.is_draft:
            pieces.append(Piece(start, end, Look.LEFT))
            continue
        reached = start
        for paused in _within(_pauses(line, now), start, end):
            if reached < paused[0]:
                pieces.append(Piece(reached, paused[0], going))
            pieces.append(Piece(*paused, Look.PAUSED))
            reached = paused[1]
        if reached < end or not pieces:
            pieces.append(Piece(reached, end, going))
    if due is not None and due > now and not item.is_draft:
        pieces.append(Piece(now, due, Look.LEFT))
    elif due is not None and not item.is_draft:
        before = [Piece(piece.start, min(piece.end, due), piece.look) for piece in pieces if piece.start < due]
        pieces = [*before, Piece(due, now, Look.LATE)]
    return tuple(pieces) or (Piece(item.opened_at, item.closed_at or now, going),)


def _stays(line: CaseItem, now: datetime) -> list[tuple[str, Stretch]]:
    """In which state it was, and from when to when. Only moves this person may read are known."""
    starts = [move.at for move in line.moves]
    ends = [*starts[1:], line.item.closed_at or now]
    return [(move.state, (move.at, max(move.at, end))) for move, end in zip(line.moves, ends, strict=True)]


def _pauses(line: CaseItem, now: datetime) -> list[Stretch]:
    """When a clock of it stood still, overlapping pauses joined."""
    joined: list[Stretch] = []
    for start, end in sorted((start, end or now) for promise in line.promises for start, end in promise.pauses):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _within(stretches: Iterable[Stretch], first: datetime, last: datetime) -> list[Stretch]:
    cut = [(max(start, first), min(end, last)) for start, end in stretches]
    return [(start, end) for start, end in cut if start < end]


def _told_of_pauses(line: CaseItem, now: datetime) -> str:
    pauses = _pauses(line, now)
    said = [
        f"from {moment_within(start, now)}" + (f" to {moment_within(end, now)}" if end < now else " until now")
        for start, end in pauses
    ]
    return f". Paused {', '.join(said)}" if said else ""


def _near(at: datetime, now: datetime) -> str:
    """With the time of day only when it is near; the whole moment is in the words."""
    return moment_within(at, now) if abs(at - now) < SHORTEST else _short(at, now)


def _short(on: date | datetime, now: datetime) -> str:
    said = short_day(on, now)
    return said.lower() if said in {"Today", "Yesterday", "Tomorrow"} else said
