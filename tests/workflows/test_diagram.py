"""The drawing of a workflow: true to the definition, readable, and nothing on top of anything else."""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workflows
from workflows.core import SAME, Action, May, Wording, Workflow
from workflows.diagram import describe, draw, shade_of
from workflows.diagram_layout import plan
from workflows.diagram_parts import BOX_WIDTH, LINE, Plan, text_width, wrapped
from workflows.referral import REFERRAL
from workflows.roles import Role

SVG = "{http://www.w3.org/2000/svg}"
ANYONE = (May(Role.CASE_MANAGER),)
WORDS = ("Send", "Start the review", "Ask the funders for their share", "Approve in an emergency, to be ratified", "Go")

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def made(states: int, ends: int, extra: list[tuple[int, int]], cells: list[tuple[int, int]] | None = None) -> Workflow:
    """A chain of open states that ends, with more arrows on top; sound by construction."""
    total = states + ends
    kind = StrEnum("kind", [f"state_{n}" for n in range(total)])  # type: ignore[misc]  # names are made up on the way
    names = [str(state) for state in kind]
    chain = [(n, n + 1) for n in range(states - 1)] + [(states - 1, states + n) for n in range(ends)]
    actions = tuple(
        Action(f"act_{n}", WORDS[n % len(WORDS)], names[a], names[b], by=ANYONE)
        for n, (a, b) in enumerate([*chain, *((a % states, b % total) for a, b in extra)])
        if a != b
    )
    wording = {
        name: Wording(name.replace("_", " ").capitalize(), row=cell[0], column=cell[1])
        for name, cell in zip(names, cells or [], strict=False)
    }
    return Workflow(
        name="made", title="Made up", prefix="MAD", states=kind, initial=names[0], ends=set(names[states:]),
        started_by=ANYONE, actions=actions, wording=wording,
    )  # fmt: skip


def boxes_of(drawing: Plan) -> Iterator[Rectangle]:
    for box in drawing.boxes.values():
        yield box.x, box.y, box.x + BOX_WIDTH, box.y + drawing.box_height


def labels_of(drawing: Plan) -> Iterator[Rectangle]:
    for arrow in drawing.arrows:
        x, y = arrow.label_at
        left = x - arrow.label_width / 2 if arrow.is_middle else x
        yield left, y - LINE * len(arrow.lines) + 4, left + arrow.label_width, y + 1


def touch(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def assert_readable(drawing: Plan) -> None:
    boxes, labels = list(boxes_of(drawing)), list(labels_of(drawing))
    for place, label in enumerate(labels):
        assert not [box for box in boxes if touch(label, box)]
        assert not [other for other in labels[place + 1 :] if touch(label, other)]
        assert label[0] >= 0 and label[1] >= 0
        assert label[2] <= drawing.width and label[3] <= drawing.height
    for arrow in drawing.arrows:
        assert arrow.points[0] != arrow.points[-1]
        for (x1, y1), (x2, y2) in zip(arrow.points, arrow.points[1:], strict=False):
            assert x1 == x2 or y1 == y2, "lines go straight across or straight down"
            inner = (min(x1, x2) + 1, min(y1, y2) + 1, max(x1, x2) - 1, max(y1, y2) - 1)
            crossed = [b for b in boxes if inner[0] < b[2] - 2 and b[0] + 2 < inner[2] and b[1] + 2 < y1 < b[3] - 2]
            crossed += [b for b in boxes if inner[1] < b[3] - 2 and b[1] + 2 < inner[3] and b[0] + 2 < x1 < b[2] - 2]
            assert not crossed, "no line runs through a box"


@pytest.mark.parametrize("workflow", workflows.ALL.values(), ids=list(workflows.ALL))
def test_every_workflow_is_readable(workflow: Workflow) -> None:
    assert_readable(plan(workflow))


@given(
    states=st.integers(2, 9),
    ends=st.integers(1, 5),
    extra=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 13)), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_any_workflow_is_readable(states: int, ends: int, extra: list[tuple[int, int]]) -> None:
    assert_readable(plan(made(states, ends, extra)))


@given(
    cells=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=6, max_size=6, unique=True),
    extra=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_states_may_be_put_anywhere(cells: list[tuple[int, int]], extra: list[tuple[int, int]]) -> None:
    assert_readable(plan(made(4, 2, extra, cells)))


def test_a_line_straight_down_gives_way_where_another_would_run_along_it() -> None:
    drawing = plan(made(3, 1, [], [(2, 4), (0, 4), (1, 3), (1, 2)]))
    assert_readable(drawing)
    upright = [
        (arrow, x1, min(y1, y2), max(y1, y2))
        for arrow in drawing.arrows
        for (x1, y1), (x2, y2) in zip(arrow.points, arrow.points[1:], strict=False)
        if x1 == x2
    ]
    for place, (arrow, x, top, bottom) in enumerate(upright):
        for other, across, higher, lower in upright[place + 1 :]:
            assert other is arrow or abs(x - across) >= 8 or lower <= top or bottom <= higher


def test_every_state_and_every_move_is_drawn() -> None:
    root = ElementTree.fromstring(draw(REFERRAL))
    said = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    for state in REFERRAL.state_names:
        assert REFERRAL.wording_of(state).label in said
    for action in REFERRAL.actions:
        if action.dest != SAME:
            assert action.label.split()[0] in said
    assert len(list(root.iter(f"{SVG}rect"))) == len(REFERRAL.state_names)


def test_an_action_from_any_open_state_is_one_note() -> None:
    said = " ".join(text.text or "" for text in ElementTree.fromstring(draw(REFERRAL)).iter(f"{SVG}text"))
    assert "from any open state" in said
    assert all(arrow.dest != "withdrawn" for arrow in plan(REFERRAL).arrows)


def test_an_action_from_several_states_names_them() -> None:
    names = made(5, 1, [])
    several = Action("stop", "Stop", ("state_0", "state_1", "state_2"), "state_5", by=ANYONE)
    drawn = draw(replace(names, actions=(*names.actions, several)))
    assert "Stop: from State 0, State 1 or" in " ".join(ElementTree.fromstring(drawn).itertext())


def test_a_note_stands_to_the_left_where_nothing_else_is() -> None:
    drawing = plan(workflows.ALL["admission"])
    noted = drawing.boxes["awaiting_ratification"]
    assert noted.is_noted_left
    widest = max(text_width(line) for _, lines in noted.notes for line in lines)
    left = [box for box in drawing.boxes.values() if box.column == noted.column - 1]
    assert noted.x - 10 - widest >= left[0].x
    assert "t-label t-s t-end" in draw(workflows.ALL["admission"])
    assert not drawing.boxes["withdrawn"].is_noted_left  # nothing is to its left but the edge


def test_words_beside_a_line_straight_down_stand_below_those_that_turn_away() -> None:
    drawing = plan(REFERRAL)
    superseded = next(arrow for arrow in drawing.arrows if (arrow.source, arrow.dest) == ("in_review", "superseded"))
    turning = [arrow for arrow in drawing.arrows if arrow.source == "declined"]
    assert superseded.label_at[1] > turning[0].label_at[1]


@pytest.mark.parametrize(("number", "shade"), [(0, 0), (1, 1), (2, 1), (4, 2), (5, 3), (8, 4), (11, 4), (12, 5)])
def test_the_shade_follows_the_key(number: int, shade: int) -> None:
    assert shade_of(number) == shade


def test_two_arrows_of_one_name_and_way_have_one_label() -> None:
    chain = made(3, 1, [])
    twins = [
        Action("lend", "Lend it", "state_0", "state_2", by=ANYONE, when=when)
        for when in (lambda _item, _actor: None, lambda _item, _actor: "no")
    ]
    drawing = plan(replace(chain, actions=(*chain.actions, *twins)))
    arrow = next(arrow for arrow in drawing.arrows if (arrow.source, arrow.dest) == ("state_0", "state_2"))
    assert [name for name, _ in arrow.labels] == ["lend"]


def test_it_shows_where_you_are_what_was_and_what_is_open() -> None:
    drawn = draw(REFERRAL, here="in_review", been=("draft", "submitted"), open_now={"accept"})
    root = ElementTree.fromstring(drawn)
    looks = [path.get("class") for path in root.iter(f"{SVG}path")]
    assert looks.count("l-been") == 2
    assert looks.count("l-next") == 1
    assert looks.count("l-rare") == len(plan(REFERRAL).arrows) - 3
    assert "You are here" in drawn
    title = root.find(f"{SVG}title")
    assert title is not None and title.text == "Referral: it is In review"


def test_an_action_that_keeps_the_state_points_at_no_other_box() -> None:
    drawn = draw(REFERRAL, here="returned", been=("draft", "submitted", "in_review"), open_now={"fill_in"})
    assert 'class="n n-next"' not in drawn


def test_the_sentences_say_the_same() -> None:
    said = describe(REFERRAL, "in_review", ("draft", "submitted"), {"accept"})
    assert said[0] == "It is now In review, after Draft then Submitted."
    assert describe(REFERRAL, "draft")[0] == "It is now Draft."
    assert "Open now: Accept, which leads to Accepted." in said
    assert any(sentence.startswith("Not open now: ") and "Decline" in sentence for sentence in said)


def test_the_heat_map_prints_every_number() -> None:
    counts = {"draft": 9, "submitted": 0, "in_review": 12, "returned": 3, "accepted": 27}
    root = ElementTree.fromstring(draw(REFERRAL, counts=counts, late={"in_review": 2}, links={"draft": "/x?a=1&b=2"}))
    said = [text.text for text in root.iter(f"{SVG}text")]
    assert [number for number in said if number in {"9", "0", "12", "3", "27"}]
    assert {"9", "0", "12", "3", "27", "2 late"} <= set(said)
    shades = {(rect.get("class") or "").split()[-1] for rect in root.iter(f"{SVG}rect")}
    assert {"h4", "h0", "h5", "h2"} <= shades
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/x?a=1&b=2"]
    assert "Submitted 0" in describe(REFERRAL, counts=counts)[0]


def test_nothing_is_inline_unless_it_stands_alone() -> None:
    assert "style" not in draw(REFERRAL, here="draft")
    alone = draw(REFERRAL, standalone=True)
    assert alone.count("<style>") == 1 and " style=" not in alone


def test_words_of_the_definition_are_escaped() -> None:
    workflow = made(2, 1, [])
    cheeky = replace(workflow, title="<b>&", wording={"state_0": Wording('<script>"x"')})
    drawn = draw(cheeky, captions={"state_1": "<i>"}, links={"state_1": '"><script>'})
    assert "<script>" not in drawn and "<b>" not in drawn and "<i>" not in drawn
    ElementTree.fromstring(drawn)


@given(st.text("abc mW", max_size=60), st.floats(40, 200))
def test_lines_fit_their_width(text: str, width: float) -> None:
    lines = wrapped(text, width)
    assert " ".join(lines) == " ".join(text.split())
    assert all(text_width(line) <= width or " " not in line for line in lines)
