"""A swim-lane timeline as SVG: one lane for each kind of thing, one line of time, and no text over another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from markupsafe import Markup

from hub.web.swimlane_ground import GAP, WIDTH, Ground, rounded
from hub.web.time_scale import LEFT, RIGHT, Scale
from workflows.calendar import Calendar
from workflows.diagram_parts import text_width, wrapped

NAMES, TRACK, BAR, TOP, PAD = 134, 30, 22, 44, 5
LONGEST_LABEL = 420
"""Pixels; a longer one is cut."""


class Look(StrEnum):
    """How a piece of a bar is drawn; each is told apart without colour too."""

    DONE = "done"
    LIVE = "live"
    PAUSED = "paused"
    LEFT = "left"
    """Time left until a deadline, or something planned."""
    LATE = "late"
    LAW = "law"


KEY = (
    (Look.LIVE, "going on"),
    (Look.DONE, "finished"),
    (Look.PAUSED, "paused"),
    (Look.LEFT, "time left, to the deadline"),
    (Look.LATE, "late"),
    (Look.LAW, "legal status in force"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one bar, between two aware moments."""

    start: datetime
    end: datetime
    look: Look


@dataclass(frozen=True, slots=True)
class Strip:
    """One bar of a lane: its pieces, a short label, and the same in whole sentences."""

    pieces: tuple[Piece, ...]
    label: str
    words: str
    due_at: datetime | None = None
    """Where a deadline is marked."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane, named at the left."""

    name: str
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class Timeline:
    """Everything that is drawn, between two aware moments. `now` is None when today is not marked."""

    lanes: Sequence[Lane]
    first: datetime
    last: datetime
    now: datetime | None
    calendar: Calendar

    @property
    def ground(self) -> Ground:
        """What lies under the lanes."""
        return Ground(Scale(self.first, self.last), self.calendar, self.now)

    @property
    def key(self) -> list[tuple[Markup, str]]:
        """What the shapes mean, for those that are drawn: a small drawing and words."""
        used = {piece.look for lane in self.lanes for strip in lane.strips for piece in strip.pieces}
        shown = [(_key_bar(look), words) for look, words in KEY if look in used]
        if any(strip.due_at for lane in self.lanes for strip in lane.strips):
            shown.append((Markup('<path class="l-due" d="M6 0V12M6 1l9 3 -9 4z"/>'), "deadline"))
        if self.ground.runs:
            shown.append((Markup('<rect class="off" width="22" height="12"/>'), "no working days"))
        return shown


def draw(timeline: Timeline, title: str) -> Markup:
    """The drawing, with a title and a description; its facts must stand in words beside it."""
    ground = timeline.ground
    tables = [_Table(lane, ground.scale) for lane in timeline.lanes]
    bottom = TOP + sum(table.height for table in tables)
    parts = [*_bands(tables), *ground.marks(bottom), *ground.days_off(bottom)]
    tops = [TOP + sum(table.height for table in tables[:number]) for number in range(len(tables))]
    parts += [part for table, top in zip(tables, tops, strict=True) for part in table.bars(top)]
    parts += ground.today(bottom)
    parts += [part for table, top in zip(tables, tops, strict=True) for part in table.words(top)]
    names = ", ".join(lane.name for lane in timeline.lanes)
    desc = f"{len(tables)} {'lane' if len(tables) == 1 else 'lanes'}: {names}. The same facts stand in words below."
    head = Markup(
        '<svg class="hub-svg hub-svg--min" viewBox="0 0 {} {}" role="img" aria-labelledby="lanes-title lanes-desc">'
        '<title id="lanes-title">{}</title><desc id="lanes-desc">{}</desc>'
    ).format(WIDTH, round(bottom + 6), title, desc)
    return head + _PATTERNS + Markup("").join(parts) + Markup("</svg>")


_BAND = Markup('<rect class="band" y="{}" width="{}" height="{}"/>')
_LABEL_SHAPE = Markup('<text class="{}" x="{}" y="{}">{}</text>')
_DUE_SHAPE = Markup('<path class="l-due" d="M{} {}V{}m0 -{}l9 4 -9 4z"/>')
_BAR_SHAPE = Markup('<rect class="b-{}" x="{}" y="{}" width="{}" height="{}" rx="2"{}/>')
_KEY_SHAPE = Markup('<rect class="b-{}" x="1" y="1" width="20" height="10" rx="2"{}/>')
_PATTERNS = Markup(
    '<defs><pattern id="lanes-paused" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="p-paused" d="M0 0V8"/></pattern>'
    '<pattern id="lanes-late" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    '<rect class="late" width="6" height="6"/><path class="p-late" d="M0 0V6"/></pattern></defs>'
)


@dataclass
class _Placed:
    """One strip on its track, with the place of its label."""

    strip: Strip
    track: int
    text: str
    text_x: float
    text_track: int
    text_class: str


@dataclass
class _Table:
    """The strips of one lane on as many tracks as keep every bar and label apart."""

    lane: Lane
    scale: Scale
    placed: list[_Placed] = field(default_factory=list)
    tracks: list[list[tuple[float, float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for strip in self.lane.strips:
            self._place(strip)

    @property
    def height(self) -> float:
        """Of the whole lane, in pixels."""
        lines = len(wrapped(self.lane.name, NAMES, 14))
        return max(len(self.tracks) * TRACK + 2 * PAD, lines * 17 + 2 * PAD)

    def _place(self, strip: Strip) -> None:
        start, end = self._reach(strip)
        text = _shortened(strip.label)
        wide = text_width(text, bold=False)
        for track in range(len(self.tracks) + 1):
            for x, low, high, named in self._places(strip, start, end, wide):
                if self._is_free(track, low, high):
                    self._take(track, low, high)
                    self.placed.append(_Placed(strip, track, text, x, track, named))
                    return
        # Neither in the bar nor beside it: the label has a track of its own, under the bar.
        track = len(self.tracks)
        self._take(track, start, end)
        x = max(LEFT + 4, min(start, RIGHT - wide))
        self._take(track + 1, x, x + wide)
        self.placed.append(_Placed(strip, track, text, x, track + 1, "t-s t-label"))

    def _reach(self, strip: Strip) -> tuple[float, float]:
        start = self.scale.x(strip.pieces[0].start)
        ends = [self.scale.x(strip.pieces[-1].end), start + 4]
        if strip.due_at is not None and strip.due_at <= self.scale.last:
            ends.append(self.scale.x(strip.due_at) + 10)
        return start, max(ends)

    def _places(self, strip: Strip, start: float, end: float, wide: float) -> Iterator[tuple[float, float, float, str]]:
        """Where a label may stand, best first: (x, low and high of all that is taken, class)."""
        for is_dark, run in groupby(strip.pieces, lambda piece: piece.look in _DARK):
            pieces = list(run)
            low, high = self.scale.x(pieces[0].start), self.scale.x(pieces[-1].end)
            is_plain = all(piece.look is not Look.LATE for piece in pieces)
            if is_plain and low + 6 + wide + 6 <= high:
                yield low + 6, start, end, "t-s t-inv" if is_dark else "t-s t-label"
        if end + 6 + wide <= RIGHT:
            yield end + 6, start, end + 6 + wide, "t-s t-label"
        if start - 6 - wide >= LEFT:
            yield start - 6 - wide, start - 6 - wide, end, "t-s t-label"

    def _is_free(self, track: int, low: float, high: float) -> bool:
        if track == len(self.tracks):
            return True
        return all(high + GAP <= taken_low or taken_high + GAP <= low for taken_low, taken_high in self.tracks[track])

    def _take(self, track: int, low: float, high: float) -> None:
        while track >= len(self.tracks):
            self.tracks.append([])
        self.tracks[track].append((low, high))

    def bars(self, top: float) -> Iterator[Markup]:
        """The bars, each with its whole sentence for a pointer that rests on it."""
        for each in self.placed:
            y = top + PAD + each.track * TRACK + (TRACK - BAR) / 2
            yield Markup("<g><title>{}</title>").format(each.strip.words)
            for piece in each.strip.pieces:
                yield self._bar(piece, y)
            yield self._due(each.strip, y)
            yield Markup("</g>")

    def words(self, top: float) -> Iterator[Markup]:
        """The lane's name and the labels, over everything else."""
        lines = wrapped(self.lane.name, NAMES, 14)
        first = top + self.height / 2 - (len(lines) - 1) * 8.5 + 5
        for number, line in enumerate(lines):
            yield Markup('<text class="t-b" x="8" y="{}">{}</text>').format(rounded(first + number * 17), line)
        for each in self.placed:
            y = top + PAD + each.text_track * TRACK + TRACK / 2 + 4.5
            yield _LABEL_SHAPE.format(each.text_class, rounded(each.text_x), rounded(y), each.text)

    def _bar(self, piece: Piece, y: float) -> Markup:
        start = self.scale.x(piece.start)
        wide = max(4.0, self.scale.x(piece.end) - start)
        named = _CLASS.get(piece.look, piece.look)
        return _BAR_SHAPE.format(named, rounded(start), rounded(y), rounded(wide), BAR, _fill(piece.look))

    def _due(self, strip: Strip, y: float) -> Markup:
        if strip.due_at is None or strip.due_at > self.scale.last:
            return Markup("")
        x = self.scale.x(strip.due_at)
        return _DUE_SHAPE.format(rounded(x), rounded(y - 3), rounded(y + BAR + 3), BAR + 6)


_DARK = frozenset({Look.LIVE, Look.LAW})
"""A label on these is white."""
_CLASS = {Look.LEFT: "plan", Look.LATE: "late"}


def _key_bar(look: Look) -> Markup:
    return _KEY_SHAPE.format(_CLASS.get(look, look), _fill(look))


def _fill(look: Look) -> Markup:
    return Markup(' fill="url(#lanes-{})"').format(look) if look in (Look.PAUSED, Look.LATE) else Markup("")


def _bands(tables: Sequence[_Table]) -> Iterator[Markup]:
    y = float(TOP)
    for number, table in enumerate(tables):
        if number % 2 == 0:
            yield _BAND.format(rounded(y), WIDTH, rounded(table.height))
        y += table.height


def _shortened(text: str) -> str:
    if text_width(text, bold=False) <= LONGEST_LABEL:
        return text
    while text and text_width(f"{text}…", bold=False) > LONGEST_LABEL:
        text = text[:-1]
    return f"{text.rstrip(' ,.:')}…"
