"""The words under a picture of the region: its key, whom it does not show, and whose data it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from hub.places.marks import LOOKS, Look, Mark
from hub.places.outcodes import ATTRIBUTION, Point
from hub.web.filters import count, listed

_KEY = Markup(
    '<li><svg class="hub-svg hub-map__key" viewBox="-12 -12 24 24" aria-hidden="true" focusable="false">{}</svg>{}</li>'
)


def caption(
    home: Point | None, marks: Sequence[Mark], drawn: Sequence[Mark], looks: Sequence[Look], *, is_drawn: bool = True
) -> Markup:
    """The key of the shapes that are drawn, then a paragraph of what is not; the licence's lines when anything is."""
    key = Markup("").join(_entry(look) for look in LOOKS if look in looks)
    said = " ".join(_missing(home, marks, drawn, is_drawn=is_drawn))
    shown = Markup('<ul class="hub-key">{}</ul>').format(key) if key else Markup("")
    return shown + Markup("<p>{}</p>").format(f"{said} {ATTRIBUTION}".strip() if is_drawn else said)


def _entry(look: Look) -> Markup:
    return _KEY.format(look.shape, look.words)


def _missing(home: Point | None, marks: Sequence[Mark], drawn: Sequence[Mark], *, is_drawn: bool) -> Iterator[str]:
    if not is_drawn:
        yield "There is no picture: no place is known."
    elif home is None and any(mark.km is None for mark in drawn):
        yield "No distances: there is no place to measure from."
    unknown = [mark for mark in marks if mark.point is None]
    if unknown:
        names = [f"{mark.number} {mark.name}" if mark.number is not None else mark.name for mark in unknown]
        yield f"Not on the map, place not known: {listed(names)}."
    left = sum(mark.point is not None for mark in marks) - len(drawn)
    if left:
        yield f"{count(left, 'more unit stands', 'more units stand')} in the list only: there is no room for all."
