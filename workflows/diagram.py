"""Draws a workflow as SVG from the definition that runs, and says the same in sentences."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from workflows.core import Workflow
from workflows.diagram_layout import plan
from workflows.diagram_parts import BOX_WIDTH, LINE, Arrow, Box, Plan, Point, text_width
from workflows.diagram_words import STYLE, describe

__all__ = ["HEAT_KEY", "describe", "draw", "shade_of"]

HEAT: Final = ((12, 5), (8, 4), (5, 3), (3, 2), (1, 1), (0, 0))
"""From this count on, this shade."""
HEAT_KEY: Final = ("none", "1 or 2", "3 or 4", "5 to 7", "8 to 11", "12 and more")
CORNER: Final = 7


@dataclass(frozen=True)
class _Picture:
    """What is asked to be shown on one drawing."""

    workflow: Workflow
    plan: Plan
    here: str | None
    been: tuple[str, ...]
    open_now: frozenset[str]
    counts: Mapping[str, int] | None
    late: Mapping[str, int]
    captions: Mapping[str, str]
    links: Mapping[str, str]
    steps: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def name(self, state: str) -> str:
        """The state's own word."""
        return self.workflow.wording_of(state).label


def draw(
    workflow: Workflow,
    *,
    here: str | None = None,
    been: Sequence[str] = (),
    open_now: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
    late: Mapping[str, int] | None = None,
    captions: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    standalone: bool = False,
) -> str:
    """The diagram as one SVG element.

    `here`: the state an item is in. `been`: the states it was in before, in order. `open_now`: the names of the
    actions that are open to somebody now. `counts` and `late`: items in each state, for the heat map. `captions`:
    small print inside a box. `links`: the address each box opens. `standalone` brings its own colours, for a file.
    """
    before = tuple(str(state) for state in been)
    walked = (*before, str(here)) if here else before
    picture = _Picture(
        workflow, plan(workflow), str(here) if here else None, before, frozenset(open_now), counts, late or {},
        captions or {}, links or {}, frozenset(itertools.pairwise(walked)),
    )  # fmt: skip
    size = picture.plan
    ident = f"diagram-{workflow.name}"
    title, about = (
        _title(picture),
        " ".join(describe(workflow, here, been, open_now, counts)),
    )
    width, height = round(size.width), round(size.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="hub-svg hub-svg--own" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="{"group" if picture.links else "img"}" '
        f'aria-labelledby="{ident}-title {ident}-desc"><title id="{ident}-title">{escape(title)}</title>'
        f'<desc id="{ident}-desc">{escape(about)}</desc>'
    )
    style = f"<style>{STYLE}</style>" if standalone else ""
    arrows = sorted(
        size.arrows,
        key=lambda arrow: ("l", "l-rare", "l-been", "l-next").index(_line(picture, arrow)),
    )
    parts = [_heads(ident), *(_arrow(picture, arrow, ident) for arrow in arrows)]
    parts += [_box(picture, box) for box in size.boxes.values()]
    parts += [_label(picture, arrow) for arrow in arrows]
    return head + style + "".join(parts) + "</svg>"


def _title(picture: _Picture) -> str:
    if picture.here:
        return f"{picture.workflow.title}: it is {picture.name(picture.here)}"
    if picture.counts is not None:
        return f"{picture.workflow.title}: where the items are now"
    return f"{picture.workflow.title}: the states and what moves between them"


def _heads(ident: str) -> str:
    """Arrow heads, one for each kind of line."""
    marker = (
        '<marker id="{0}-{1}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="{2}" markerHeight="{2}" '
        'markerUnits="userSpaceOnUse" orient="auto"><path class="f-{1}" d="M0 0l8 4-8 4z"/></marker>'
    )
    kinds = (("end", 9), ("been", 11), ("next", 11))
    return f"<defs>{''.join(marker.format(ident, kind, size) for kind, size in kinds)}</defs>"


def _line(picture: _Picture, arrow: Arrow) -> str:
    if picture.here is None:
        return "l"
    if arrow.source == picture.here and any(name in picture.open_now for name, _ in arrow.labels):
        return "l-next"
    return "l-been" if (arrow.source, arrow.dest) in picture.steps else "l-rare"


def _arrow(picture: _Picture, arrow: Arrow, ident: str) -> str:
    line = _line(picture, arrow)
    head = {"l-next": "next", "l-been": "been"}.get(line, "end")
    return f'<path class="{line}" d="{_path(arrow.points)}" marker-end="url(#{ident}-{head})"/>'


def _path(points: Sequence[Point]) -> str:
    """Straight stretches with rounded corners."""
    kept = [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]
    said = [f"M{_n(kept[0][0])} {_n(kept[0][1])}"]
    for before, corner, after in zip(kept, kept[1:], kept[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        said.append(f"L{_n(near[0])} {_n(near[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(far[0])} {_n(far[1])}")
    return "".join(said) + f"L{_n(kept[-1][0])} {_n(kept[-1][1])}"


def _towards(corner: Point, other: Point) -> Point:
    """The point where the rounding of a corner begins, at most half way to the next."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    share = min(CORNER, length / 2) / length
    return corner[0] + across * share, corner[1] + down * share


def _label(picture: _Picture, arrow: Arrow) -> str:
    x, y = arrow.label_at
    said = []
    for index, (name, text) in enumerate(reversed(arrow.lines)):
        is_open = arrow.source == picture.here and name in picture.open_now
        look = f"t-label t-s {'t-next' if is_open else 't-quiet'}{' t-mid' if arrow.is_middle else ''}"
        said.append(_text(x, y - LINE * index, text, look))
    return "".join(said)


def _box(picture: _Picture, box: Box) -> str:
    height = picture.plan.box_height
    is_end = not picture.workflow.is_open(box.state)
    shade = _shade(picture, box)
    is_dark = box.state == picture.here or shade >= 4
    ink = " t-inv" if is_dark else ""
    corner = _n(height / 2) if is_end else "5"
    rect = (
        f'<rect class="{_look(picture, box, shade)}" x="{_n(box.x)}" y="{_n(box.y)}" width="{BOX_WIDTH}" '
        f'height="{_n(height)}" rx="{corner}"/>'
    )
    small, small_look = _small_print(picture, box)
    counted = picture.counts is not None and (not is_end or box.state in picture.counts)
    x = box.x + (16 if is_end else 12) if counted else box.middle
    side = "" if counted else " t-mid"
    rows = len(box.lines) + bool(small)
    y = box.y + height / 2 - (rows - 1) * 9 + 5
    words = [_text(x, y + 18 * n, line, f"t-b t-name{side}{ink}") for n, line in enumerate(box.lines)]
    if small:
        words.append(
            _text(
                x,
                y + 18 * len(box.lines),
                small,
                f"t-s{side} {'t-inv' if is_dark else small_look if shade < 2 else ''}".rstrip(),
            )
        )
    if counted:
        number = str((picture.counts or {}).get(box.state, 0))
        words.append(
            _text(
                box.x + BOX_WIDTH - (16 if is_end else 12),
                box.y + height - 13,
                number,
                f"t-big t-end{ink}",
            )
        )
    inside = rect + "".join(words)
    if box.state in picture.links:
        inside = f'<a href="{escape(picture.links[box.state])}">{inside}</a>'
    return inside + _late(picture, box) + _notes(picture, box)


def _look(picture: _Picture, box: Box, shade: int) -> str:
    here = picture.here or ""
    leads = {action.dest_from(here) for action in picture.workflow.arrows(here) if action.name in picture.open_now}
    if box.state == picture.here:
        return "n n-here"
    if picture.here and box.state in leads:
        return "n n-next"
    if box.state in picture.been:
        return "n n-been"
    return f"n h{shade}" if shade >= 0 else "n"


def _shade(picture: _Picture, box: Box) -> int:
    """0 to 5 for an open state of the heat map, else -1."""
    if picture.counts is None or not picture.workflow.is_open(box.state):
        return -1
    return shade_of(picture.counts.get(box.state, 0))


def shade_of(number: int) -> int:
    """The shade of a number of items on the heat map: 0 for none to 5 for 12 and more, as HEAT_KEY says."""
    return next(shade for least, shade in HEAT if number >= least)


def _small_print(picture: _Picture, box: Box) -> tuple[str, str]:
    if box.state == picture.here:
        return "\u25b8 You are here", "t-inv"
    return picture.captions.get(box.state, ""), "t-quiet"


def _late(picture: _Picture, box: Box) -> str:
    """A red mark over the corner of the box."""
    number = picture.late.get(box.state, 0)
    if not number:
        return ""
    text = f"{number} late"
    width = text_width(text) + 14
    x, y = box.x + BOX_WIDTH - width + 6, box.y - 11
    rect = f'<rect class="late" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="21" rx="10.5"/>'
    return rect + _text(x + width / 2, y + 15, text, "t-s t-b t-inv t-mid")


def _notes(picture: _Picture, box: Box) -> str:
    height = picture.plan.box_height
    if box.is_noted_left:
        x, side = box.x - 10, "t-end"
        y = box.y + height / 2 + 5 - LINE / 2 * (sum(len(lines) for _, lines in box.notes) - 1)
    else:
        x, y, side = box.middle, box.y + height + LINE, "t-mid"
    said = []
    for action, lines in box.notes:
        is_open = picture.here in action.sources and action.name in picture.open_now
        for line in lines:
            said.append(
                _text(
                    x,
                    y,
                    line,
                    f"t-label t-s {side} {'t-next' if is_open else 't-quiet'}",
                )
            )
            y += LINE
    return "".join(said)


def _text(x: float, y: float, text: str, look: str) -> str:
    return f'<text class="{look}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
