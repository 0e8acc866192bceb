"""Gives every arrow of a drawing its own lane between the boxes, so that no two lie on each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from workflows.diagram_parts import BOX_WIDTH, LANE, LINE, MARGIN, Arrow, Plan, wrapped


@dataclass
class _Run:
    """One stretch of an arrow along a lane between two rows, from x to x."""

    arrow: Arrow
    lane: int
    start: float
    end: float
    label: bool = False
    track: int = 0

    @property
    def is_upright(self) -> bool:
        """Whether the line goes straight on: its words then stand beside it."""
        return self.start == self.end

    def span(self, width: float) -> tuple[float, float]:
        """From which x to which x it needs the lane for itself, words included."""
        low, high = min(self.start, self.end), max(self.start, self.end)
        if not self.label:
            return low, high
        if self.is_upright:
            return low - 4, high + self.arrow.label_width + 10
        middle, half = self.label_middle(width), self.arrow.label_width / 2
        return min(low, middle - half), max(high, middle + half)

    def label_middle(self, width: float) -> float:
        """The middle of its words: over the middle of the line, but never off the drawing."""
        half = self.arrow.label_width / 2 + 4
        return max(min((self.start + self.end) / 2, width - half), half)


class Router:
    """Columns, lanes and rows of one plan; `run` fills in every place in pixels."""

    def __init__(self, drawing: Plan) -> None:
        self.drawing, self.boxes = drawing, drawing.boxes
        self.rows = 1 + max(box.row for box in self.boxes.values())
        self.columns = 1 + max(box.column for box in self.boxes.values())
        self.side = [arrow for arrow in drawing.arrows if self._steps(arrow)[1] == 1]
        self.over = [arrow for arrow in drawing.arrows if self._steps(arrow)[1] != 1]
        self.trunks: dict[tuple[int, str], float] = {}
        self.ports: dict[tuple[int, str], float] = {}

    def run(self) -> None:
        """Columns first, then the runs along each lane, then rows, then the points of every line."""
        self._place_columns()
        self._place_notes()
        self._place_ports()
        runs = self._runs()
        tracks = self._pack(runs)
        self._place_rows(tracks)
        for arrow in self.side:
            self._draw_side(arrow)
        for arrow in self.over:
            self._draw_over(arrow, [run for run in runs if run.arrow is arrow])
        ends = (a.label_at[0] + a.label_width * (0.5 if a.is_middle else 1) for a in self.drawing.arrows)
        self.drawing.width = max(self.drawing.width, *(end + 4 for end in ends), 0)

    def _steps(self, arrow: Arrow) -> tuple[int, int]:
        source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
        return dest.row - source.row, dest.column - source.column

    def _key(self, arrow: Arrow) -> str:
        """Which upright line an arrow uses: side arrows that leave one box the same way share it."""
        down = self._steps(arrow)[0]
        return f"{arrow.source}{'+' if down > 0 else '-'}" if arrow in self.side else f"{arrow.source}>{arrow.dest}"

    def _lanes(self, arrow: Arrow) -> tuple[int, int]:
        """The lanes an arrow leaves and arrives by; lane n lies above row n."""
        down, along = self._steps(arrow)
        source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
        if down == 0:
            lane = source.row if along > 0 else source.row + 1
            return lane, lane
        return (source.row + 1, dest.row) if down > 0 else (source.row, dest.row + 1)

    def _gap(self, arrow: Arrow) -> int:
        """The gap between columns an arrow climbs in; gap n lies left of column n."""
        along, column = self._steps(arrow)[1], self.boxes[arrow.dest].column
        return column if along > 0 else column + 1

    def _place_columns(self) -> None:
        users: dict[int, list[str]] = defaultdict(list)
        zone: dict[int, float] = defaultdict(lambda: 22.0)
        for arrow in self.side:
            gap = self.boxes[arrow.dest].column
            zone[gap] = max(zone[gap], arrow.label_width + 24)
            if self._steps(arrow)[0] and self._key(arrow) not in users[gap]:
                users[gap].append(self._key(arrow))
        for arrow in self.over:
            if len(set(self._lanes(arrow))) == 2:
                users[self._gap(arrow)].append(self._key(arrow))
        x = float(MARGIN)
        for gap in range(self.columns + 1):
            is_edge = gap in {0, self.columns}
            x += 0 if is_edge else 6
            for key in users[gap]:
                x += LANE
                self.trunks[gap, key] = x
            x += (LANE if users[gap] else 0) if is_edge else zone[gap]
            for box in self.boxes.values():
                if box.column == gap:
                    box.x = x
            x += BOX_WIDTH if gap < self.columns else 0
        self.drawing.width = x + MARGIN

    def _place_notes(self) -> None:
        """Notes go to the left of a box where nothing stands or runs: beneath it lines would cross them."""
        cells = {(box.row, box.column): box for box in self.boxes.values()}
        reached, climbed = {arrow.dest for arrow in self.side}, {gap for gap, _ in self.trunks}
        for box in self.boxes.values():
            beside = [other.x for other in self.boxes.values() if other.column == box.column - 1]
            is_free = (box.row, box.column - 1) not in cells and box.column not in climbed and box.state not in reached
            if box.notes and beside and is_free:
                room = box.x - beside[0] - 12
                box.notes = [(action, wrapped(" ".join(lines), room)) for action, lines in box.notes]
                box.is_noted_left = True

    def _place_ports(self) -> None:
        """One slot for each line that meets a box above or below a lane; a line straight down has one for both ends."""
        self.straight = {index for index, arrow in enumerate(self.over) if self._is_clear(arrow)}
        while True:
            meeting = self._spread_ports()
            crowded = {
                index
                for index in self.straight
                for lane in self._lanes(self.over[index])
                for other, x in meeting[lane]
                if other != index and abs(x - self.ports[index, "to"]) < 8
            }
            if not crowded:
                return
            self.straight -= crowded

    def _spread_ports(self) -> dict[int, list[tuple[int, float]]]:
        """Fills `ports`; returns for each lane the lines that meet boxes there and at which x."""
        slots: dict[tuple[int, int], list[tuple[float, int, str]]] = defaultdict(list)
        for index, arrow in enumerate(self.over):
            leave, arrive = self._lanes(arrow)
            source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
            slots[leave, source.column].append((dest.middle, index, "from"))
            if index not in self.straight:
                slots[arrive, dest.column].append((source.middle, index, "to"))
        meeting: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for (lane, column), found in slots.items():
            left = next(box.x for box in self.boxes.values() if box.column == column)
            step = (BOX_WIDTH - 16) / (len(found) + 1)
            for place, (_, index, end) in enumerate(sorted(found)):
                self.ports[index, end] = left + 8 + step * (place + 1)
                meeting[lane].append((index, self.ports[index, end]))
                if index in self.straight:
                    self.ports[index, "to"] = self.ports[index, end]
        return meeting

    def _is_clear(self, arrow: Arrow) -> bool:
        """Whether the two boxes stand in one column with nothing between them."""
        source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
        rows = range(min(source.row, dest.row) + 1, max(source.row, dest.row))
        is_taken = any(box.column == source.column and box.row in rows for box in self.boxes.values())
        return source.column == dest.column and not is_taken

    def _runs(self) -> list[_Run]:
        runs = []
        for index, arrow in enumerate(self.over):
            start, end = self.ports[index, "from"], self.ports[index, "to"]
            leave, arrive = self._lanes(arrow)
            if leave == arrive or index in self.straight:
                runs.append(_Run(arrow, leave, start, end, label=True))
                continue
            climb = self.trunks[self._gap(arrow), self._key(arrow)]
            is_first = abs(climb - start) >= abs(end - climb)
            runs += [
                _Run(arrow, leave, start, climb, is_first),
                _Run(arrow, arrive, climb, end, not is_first),
            ]
        return runs

    def _pack(self, runs: Iterable[_Run]) -> dict[int, list[int]]:
        """Shares each lane out in tracks; returns the lines of text each track must hold."""
        ends: dict[int, list[list[tuple[float, float]]]] = defaultdict(list)
        lines: dict[int, list[int]] = defaultdict(list)
        # Words beside a line that goes straight down stand lowest, where the lines beside it have turned away.
        for run in sorted(runs, key=lambda run: (run.lane, self._is_straight_down(run), abs(run.end - run.start))):
            low, high = run.span(self.drawing.width)
            free = (n for n, taken in enumerate(ends[run.lane]) if all(high + 12 < a or b + 12 < low for a, b in taken))
            run.track = next(free, len(ends[run.lane]))
            if run.track == len(ends[run.lane]):
                ends[run.lane].append([])
                lines[run.lane].append(0)
            ends[run.lane][run.track].append((low, high))
            needed = len(run.arrow.lines) if run.label else 0
            lines[run.lane][run.track] = max(lines[run.lane][run.track], needed)
        return lines

    def _is_straight_down(self, run: _Run) -> bool:
        return run.is_upright and self._steps(run.arrow)[0] > 0

    def _place_rows(self, tracks: Mapping[int, list[int]]) -> None:
        self.track_y: dict[tuple[int, int], float] = {}
        y = float(MARGIN)
        for lane in range(self.rows + 1):
            for track, lines in enumerate(tracks.get(lane, [])):
                y += max(lines * LINE + 8, LANE)
                self.track_y[lane, track] = y
            if lane < self.rows:
                y = self._place_row(lane, y + (16 if tracks.get(lane) else 0))
        self.drawing.height = y + MARGIN

    def _place_row(self, row: int, y: float) -> float:
        """Put a row of boxes below `y`; returns where the next lane begins."""
        top = y + self._side_room(row)
        for box in self.boxes.values():
            if box.row == row:
                box.y = top
        noted = (
            0 if box.is_noted_left else sum(len(lines) for _, lines in box.notes)
            for box in self.boxes.values()
            if box.row == row
        )
        return top + self.drawing.box_height + LINE * max(noted) + 14

    def _side_room(self, row: int) -> float:
        """How far the words beside a row's arrows reach above its boxes."""
        heights: dict[str, int] = defaultdict(int)
        for arrow in self.side:
            if self.boxes[arrow.dest].row == row:
                heights[arrow.dest] += len(arrow.lines)
        return max(
            0.0,
            max(heights.values(), default=0) * LINE + 6 - self.drawing.box_height / 2,
        )

    def _draw_side(self, arrow: Arrow) -> None:
        source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
        half = self.drawing.box_height / 2
        down = self._steps(arrow)[0]
        start, end = (source.x + BOX_WIDTH, source.y + half), (dest.x, dest.y + half)
        if down:
            trunk = self.trunks[dest.column, self._key(arrow)]
            leave = start[1] + (12 if down > 0 else -12)
            arrow.points = [(start[0], leave), (trunk, leave), (trunk, end[1]), end]
        else:
            arrow.points = [start, end]
        # Words of arrows that reach the same box stand on each other.
        before = takewhile(lambda other: other is not arrow, self.side)
        above = sum(len(other.lines) for other in before if other.dest == arrow.dest)
        arrow.is_middle = False
        arrow.label_at = (dest.x - 14 - arrow.label_width, end[1] - 7 - LINE * above)

    def _draw_over(self, arrow: Arrow, runs: Sequence[_Run]) -> None:
        index = self.over.index(arrow)
        source, dest = self.boxes[arrow.source], self.boxes[arrow.dest]
        leave, arrive = self._lanes(arrow)
        height = self.drawing.box_height
        points = [
            (
                self.ports[index, "from"],
                source.y if leave == source.row else source.y + height,
            )
        ]
        for run in runs:
            y = self.track_y[run.lane, run.track]
            points += [(run.start, y), (run.end, y)]
            if run.label:
                arrow.is_middle = not run.is_upright
                arrow.label_at = (
                    (run.start + 7, y - 3) if run.is_upright else (run.label_middle(self.drawing.width), y - 6)
                )
        points.append((self.ports[index, "to"], dest.y if arrive == dest.row else dest.y + height))
        arrow.points = points
