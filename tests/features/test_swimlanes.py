"""The swim-lane drawing: no text over another, shapes that need no colour, and a scale from hours to years."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.web.swimlanes import Lane, Look, Piece, Strip, Timeline, draw
from hub.web.time_scale import LEFT, RIGHT, Scale, ticks
from workflows.calendar import Calendar
from workflows.diagram_parts import text_width

START = datetime(2026, 3, 28, 2, 0, tzinfo=UTC)
EASTER = Calendar({date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"})
TEXT = re.compile(r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)">([^<]*)</text>')


def timeline(lanes: list[Lane], days: float = 21, *, is_open: bool = True) -> Timeline:
    """A line of time of so many days, today a quarter of the way along."""
    length = timedelta(days=days)
    return Timeline(lanes, START, START + length, START + length / 4 if is_open else None, EASTER)


def strip(start: float, end: float, look: Look = Look.LIVE, label: str = "In review", **more: Any) -> Strip:
    """A bar from day to day."""
    piece = Piece(START + timedelta(days=start), START + timedelta(days=end), look)
    return Strip((piece,), label, f"{label} in words", **more)


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    """(left, right, top, bottom, text) of every text of a drawing, as wide as Arial at its widest."""
    found = []
    for classes, x, y, text in TEXT.findall(svg):
        size, bold = (13, "t-b" in classes) if "t-s" in classes else (14, True)
        wide = text_width(text, size, bold=bold)
        left = float(x) - (wide / 2 if "t-mid" in classes else 0)
        found.append((left, left + wide, float(y) - size * 0.75, float(y) + 2, text))
    return found


def overlaps(svg: str) -> list[tuple[str, str]]:
    """Pairs of texts that touch."""
    return [
        (one[4], other[4])
        for one, other in combinations(boxes(svg), 2)
        if one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
    ]


STRIPS = st.builds(
    lambda start, length, look, label, due: strip(
        start, start + length, look, label, due_at=START + timedelta(days=start + length) if due else None
    ),
    st.floats(0, 20),
    st.floats(0, 12),
    st.sampled_from(list(Look)),
    st.sampled_from(["Returned", "REF-2026-00002: Returned, due Wed 8 April", "In review, late since " + "w" * 60]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(STRIPS, min_size=1, max_size=5), min_size=1, max_size=4),
    st.sampled_from([0.5, 3, 21, 60, 200, 900]),
)
def test_no_text_ever_stands_over_another(drawn: list[list[Strip]], days: float) -> None:
    lanes = [Lane(f"Lane {number} of several", tuple(strips)) for number, strips in enumerate(drawn)]
    svg = str(draw(timeline(lanes, days), "Timeline"))
    assert overlaps(svg) == []
    assert max(right for _, right, _, _, _ in boxes(svg)) <= 1146


def test_bars_of_one_lane_that_meet_stand_on_tracks_of_their_own() -> None:
    svg = str(draw(timeline([Lane("Referral", (strip(1, 5), strip(3, 8), strip(9, 12)))]), "Timeline"))
    tops = re.findall(r'class="b-live" x="[\d.]+" y="([\d.]+)"', svg)
    assert tops[0] != tops[1]
    assert tops[2] == tops[0]


def test_a_label_stands_in_the_bar_beside_it_or_under_it() -> None:
    for start, end, look, expected in (
        (1, 15, Look.LIVE, "t-s t-inv"),
        (1, 15, Look.PAUSED, "t-s t-label"),
        (1, 1.2, Look.LIVE, "t-s t-label"),
    ):
        svg = str(draw(timeline([Lane("Referral", (strip(start, end, look, "Under review"),))]), "Timeline"))
        assert f'<text class="{expected}"' in svg
    left = str(draw(timeline([Lane("Referral", (strip(19.8, 21, label="Only room at the left"),))]), "Timeline"))
    [(_, right, *_)] = [box for box in boxes(left) if box[4] == "Only room at the left"]
    assert right <= Scale(START, START + timedelta(days=21)).x(START + timedelta(days=19.8))
    halves = tuple(
        Piece(START + timedelta(days=day), START + timedelta(days=day + 1), Look.LIVE if day % 2 else Look.PAUSED)
        for day in range(1, 20)
    )
    label = "No piece is long enough for these words"
    under = str(draw(timeline([Lane("Referral", (Strip(halves, label, label),))]), "Timeline"))
    [words] = [box for box in boxes(under) if box[4] == label]
    bar = re.search(r'class="b-live" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="(\d+)"', under)
    assert bar is not None
    assert words[2] > float(bar[1]) + float(bar[2])


def test_a_label_too_long_for_any_place_is_shortened_and_told_whole() -> None:
    long = "A very long state " * 10
    svg = str(draw(timeline([Lane("Referral", (strip(1, 2, label=long),))]), "Timeline"))
    assert "…</text>" in svg
    assert f"<title>{long} in words</title>" in svg


def test_every_look_is_told_apart_without_colour() -> None:
    lanes = [Lane(str(look), (strip(1, 4, look, due_at=START + timedelta(days=5)),)) for look in Look]
    made = timeline(lanes)
    svg = str(draw(made, "Timeline"))
    assert 'class="b-paused"' in svg
    assert 'fill="url(#lanes-paused)"' in svg
    assert 'fill="url(#lanes-late)"' in svg
    assert svg.count('class="l-due"') == len(Look)
    said = [words for _, words in made.key]
    assert said == [
        "going on",
        "finished",
        "paused",
        "time left, to the deadline",
        "late",
        "legal status in force",
        "deadline",
        "no working days",
    ]


def test_days_nobody_works_are_shaded_and_said() -> None:
    svg = str(draw(timeline([Lane("Referral", (strip(0, 1),))], 12, is_open=False), "Timeline"))
    assert ">weekend<" in svg
    assert ">Good Friday to Easter Monday: no working days<" in svg
    assert svg.count('class="off"') == 2
    assert "Today" not in svg
    assert "no working days" not in str(draw(timeline([Lane("Referral", (strip(0, 1),))], 900), "Timeline"))


def test_today_is_a_line_with_a_word() -> None:
    svg = str(draw(timeline([Lane("Referral", (strip(0, 1),))]), "Timeline"))
    assert ">Today</text>" in svg
    assert f'class="l-now" d="M{LEFT + (RIGHT - LEFT) / 4}' in svg


def test_a_deadline_beyond_the_drawing_is_not_marked() -> None:
    svg = str(draw(timeline([Lane("Referral", (strip(1, 2, due_at=START + timedelta(days=99)),))]), "Timeline"))
    assert "l-due" not in svg


def test_the_drawing_has_a_title_and_a_description_and_escapes_what_people_wrote() -> None:
    svg = str(draw(timeline([Lane("A & B", (strip(1, 2, label="<b>bold</b>"),))]), "Timeline of <b>"))
    assert '<title id="lanes-title">Timeline of &lt;b&gt;</title>' in svg
    assert "1 lane: A &amp; B." in svg
    assert "<b>" not in svg
    assert "style=" not in svg


@pytest.mark.parametrize(
    ("days", "some"),
    [
        (0.5, "3am"),
        (2, "30 Mar"),
        (21, "1 Apr"),
        (60, "1 May"),
        (100, "13 Apr"),
        (200, "20 Apr"),
        (500, "Jul 2026"),
        (1000, "Jan 2027"),
        (9000, "Jan 2030"),
    ],
)
def test_the_scale_fits_its_length(days: float, some: str) -> None:
    scale = Scale(START, START + timedelta(days=days))
    marks = ticks(scale)
    assert some in [label for _, label in marks]
    assert len(marks) <= 60
    assert all(scale.first <= at <= scale.last for at, _ in marks)


def test_days_keep_their_place_when_the_clocks_go_forward() -> None:
    scale = Scale(datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    midnights = [at for at, label in ticks(scale) if label.endswith("Mar")]
    assert midnights[:2] == [datetime(2026, 3, 28, 0, tzinfo=UTC), datetime(2026, 3, 29, 0, tzinfo=UTC)]
    assert midnights[2] == datetime(2026, 3, 29, 23, tzinfo=UTC)
