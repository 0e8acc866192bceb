"""The region as a picture: home, rings of distance, units with their free beds, and what is too far to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot

from markupsafe import Markup

from hub.places.caption import caption
from hub.places.distance import km_between, km_words
from hub.places.marks import FAR, Look, Mark, beds_words, look_of, short_name, symbol
from hub.places.outcodes import Point
from hub.places.placing import Box, Ground, Label
from hub.places.window import MIDDLE, SIZE, Window, dots, is_inside, middle_of, reach_of, towns
from hub.web.filters import listed
from hub.web.swimlane_ground import rounded

__all__ = ["Mark", "draw_region"]

MOST_DRAWN = 60
"""More marks than this are not drawn: the first are, and the words under the picture say so."""
MARGIN = 22.0
"""Pixels from the edge at which what lies further away is shown."""

_FIGURE = Markup(
    '<figure class="hub-figure hub-map"><div class="hub-scroll" tabindex="0" role="region" aria-label="{}">{}</div>'
    "<figcaption>{}</figcaption></figure>"
)
_HEAD = Markup(
    '<svg class="hub-svg hub-map__svg" viewBox="0 0 {0} {0}" role="img" aria-labelledby="{1}-title {1}-desc">'
    '<title id="{1}-title">{2}</title><desc id="{1}-desc">{3}</desc>'
)
_RING = Markup('<circle class="m-ring{}" cx="{}" cy="{}" r="{}"/>')
_TEXT = Markup('<text class="{}" x="{}" y="{}">{}</text>')
_LEADER = Markup('<path class="m-leader" d="M{} {}L{} {}"/><circle class="m-true" cx="{}" cy="{}" r="2"/>')
_ARROW = Markup('<path class="m-far" d="M0-18l5.5 8h-11z" transform="translate({} {})rotate({})"/>')
_HOME = Markup('<path class="m-home" d="M{} {}l10 10v11h-20v-11z"/>')
_TOWN = Markup('<circle class="m-town" cx="{}" cy="{}" r="1.8"/>')


@dataclass(frozen=True, slots=True)
class _Put:
    """A mark on the picture: where it belongs, where it had room, and whether it only shows a direction."""

    mark: Mark
    belongs: tuple[float, float]
    at: tuple[float, float]
    is_far: bool

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return look_of(self.mark)

    @property
    def half(self) -> float:
        """Half of the room its symbol takes."""
        return FAR.half if self.is_far else self.look.half


def draw_region(
    home: Point | None,
    home_words: str,
    marks: Sequence[Mark],
    bands: Sequence[float],
    *,
    centre: Point | None = None,
    ident: str = "region",
) -> Markup:
    """A figure: the picture in a box that scrolls, its key, whom it leaves out, and whose data the dots are.

    `home` with `home_words` ("Home", "HX3") stands in the middle with a ring for each of `bands` (km, ascending);
    without it there are no rings, and the middle is `centre`, or that of the marks. `marks` in the order of the list
    that the page must show beside it: a picture is never the only place of a fact. Nothing at all is drawn when no
    place is known; the words under it then say so. `ident` keeps two pictures on one page apart.
    """
    known = [mark for mark in marks if mark.point is not None]
    middle = home or centre or middle_of([mark.point for mark in known if mark.point is not None])
    if middle is None:
        return Markup('<figure class="hub-figure hub-map"><figcaption>{}</figcaption></figure>').format(
            caption(home, marks, [], [], is_drawn=False)
        )
    window = Window(middle, _reach(middle, known, bands))
    ground = Ground()
    under, over = _drawn_home(ground, window, home, home_words, bands)
    put = [found for mark in known[:MOST_DRAWN] if (found := _put(ground, window, mark)) is not None]
    labels = list(_drawn_labels(ground, put))
    land = [Markup('<path class="m-dots" d="{}"/>').format(dots(window))]
    parts = [*under, *land, *_drawn_towns(ground, window), *_drawn_marks(put), *over, *labels]
    drawn = [each.mark for each in put]
    looks = [each.look for each in put] + [FAR for each in put if each.is_far]
    title, desc = _said(home, home_words, window, bands, drawn)
    svg = _HEAD.format(SIZE, ident, title, desc) + Markup("").join(parts) + Markup("</svg>")
    return _FIGURE.format(f"{title}, scrolls sideways on a small screen", svg, caption(home, marks, drawn, looks))


def _reach(middle: Point, marks: Sequence[Mark], bands: Sequence[float]) -> float:
    """How far the picture reaches: everything when that is near; further than the last band only for units that fit."""
    distances = [(km_between(middle, mark.point) or 0.0, mark.is_left_out) for mark in marks]
    reach = reach_of([km for km, _ in distances], bands)
    fitting = reach_of([km for km, is_left_out in distances if not is_left_out], bands)
    return reach if reach <= bands[-1] else max(float(bands[-1]), fitting)


def _drawn_home(
    ground: Ground, window: Window, home: Point | None, words: str, bands: Sequence[float]
) -> tuple[list[Markup], list[Markup]]:
    """What lies under everything (the rings), and what lies over it: home itself and the words on the rings."""
    if home is None:
        return [], []
    ground.taken.append(Box.round(MIDDLE, MIDDLE, 11))
    shown = [km for km in bands if window.pixels(km) < MIDDLE]
    rings = [
        _RING.format(f" m-ring--{min(number, 2)}", rounded(MIDDLE), rounded(MIDDLE), rounded(window.pixels(km)))
        for number, km in reversed(list(enumerate(shown)))
    ]
    label = ground.put_label((words,), MIDDLE, MIDDLE, 10)
    over = [_HOME.format(rounded(MIDDLE), rounded(MIDDLE - 11)), *([_text(label, "t-b t-label")] if label else [])]
    for km in shown:
        over += [_text(found, "t-quiet t-label") for found in _on_ring(ground, window.pixels(km), f"{km:g} km")]
    return rings, over


def _on_ring(ground: Ground, radius: float, words: str) -> Iterator[Label]:
    """The ring's distance where it is free: below, above, or to a side."""
    for down, across in ((1, 0), (-1, 0), (0.87, 0.5), (0.87, -0.5), (-0.87, 0.5), (-0.87, -0.5)):
        x, y = MIDDLE + radius * across, MIDDLE + radius * down
        label = ground.put_label((words,), x, y - 13 if down > 0 else y + 13, -5)
        if label is not None:
            yield label
            return


def _put(ground: Ground, window: Window, mark: Mark) -> _Put | None:
    """Where a mark goes: its own place, or the edge in its direction when that lies outside; None: it is full there."""
    assert mark.point is not None
    x, y = window.place(mark.point)
    is_far = not is_inside(x, y, MARGIN)
    if is_far:
        share = (MIDDLE - MARGIN) / max(abs(x - MIDDLE), abs(y - MIDDLE))
        at = ground.put_at_edge(MIDDLE + (x - MIDDLE) * share, MIDDLE + (y - MIDDLE) * share, FAR.half)
    else:
        at = ground.put_mark(x, y, look_of(mark).half)
    return None if at is None else _Put(mark, (x, y), at, is_far)


def _drawn_marks(put: Sequence[_Put]) -> Iterator[Markup]:
    """A thin line from where a mark belongs, when that was taken; then every symbol, with its sentence on hovering."""
    for each in put:
        if not each.is_far and hypot(each.at[0] - each.belongs[0], each.at[1] - each.belongs[1]) > 4:
            from_x, from_y = (rounded(value) for value in each.belongs)
            yield _LEADER.format(from_x, from_y, *(rounded(value) for value in each.at), from_x, from_y)
    for each in put:
        x, y = each.at
        yield Markup("<g><title>{}</title>").format(_sentence(each.mark))
        if each.is_far:
            belongs = each.belongs
            turn = degrees(atan2(belongs[0] - MIDDLE, MIDDLE - belongs[1]))
            yield _ARROW.format(rounded(x), rounded(y), round(turn))
        yield symbol(each.mark, x, y)
        yield Markup("</g>")


def _drawn_labels(ground: Ground, put: Sequence[_Put]) -> Iterator[Markup]:
    """Names and free beds, as much of them as has room; first what is said nowhere else: distances, beds, names."""
    for each in sorted(put, key=lambda one: (not one.is_far, not one.mark.free, one.mark.number is not None)):
        label = ground.put_label(_label_words(each), *each.at, each.half)
        if label is not None:
            yield _text(label, "t-label")


def _label_words(put: _Put) -> tuple[str, ...]:
    """What stands beside a mark, in fewer and fewer words. That no bed is free, or not known, its shape says too."""
    mark, name = put.mark, short_name(put.mark.name)
    km = [km_words(mark.km)] if put.is_far and mark.km is not None else []
    beds = [] if mark.is_left_out else [beds_words(mark.free)]
    fewer = [*km, *(beds if mark.free else [])]
    said = (", ".join((name, *km, *beds)), ", ".join((name, *fewer)), ", ".join(fewer))
    return tuple(words for words in dict.fromkeys(said) if words)


def _drawn_towns(ground: Ground, window: Window) -> Iterator[Markup]:
    """Towns to find the way by, only where nothing else is."""
    for name, point in towns():
        x, y = window.place(point)
        if not ground.is_free(Box.round(x, y, 3)):
            continue
        label = ground.put_label((name,), x, y, 0)
        if label is not None:
            ground.taken.append(Box.round(x, y, 2))
            yield _TOWN.format(rounded(x), rounded(y)) + _text(label, "t-quiet m-name")


def _text(label: Label, look: str) -> Markup:
    return _TEXT.format(f"t-s {look} {label.aligned}".rstrip(), rounded(label.x), rounded(label.y), label.text)


def _sentence(mark: Mark) -> str:
    number = f"{mark.number} " if mark.number is not None else ""
    beds = "left out" if mark.is_left_out else beds_words(mark.free)
    return f"{number}{mark.name}: {'' if mark.km is None else km_words(mark.km) + ', '}{beds}"


def _said(
    home: Point | None, words: str, window: Window, bands: Sequence[float], drawn: Sequence[Mark]
) -> tuple[str, str]:
    """The title and the description."""
    title = f"Units around {words}" if home else "Units of the region"
    shown = [f"{km:g}" for km in bands if window.pixels(km) < MIDDLE] if home else []
    rings = f"Rings at {listed(shown)} kilometres. " if shown else ""
    numbers = "Numbers match the list. " if any(mark.number is not None for mark in drawn) else ""
    out = "Crosses are units left out. " if any(mark.is_left_out for mark in drawn) else ""
    return title, f"{rings}{numbers}{out}The same facts stand in words beside the picture."
