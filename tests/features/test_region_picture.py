"""The picture of the region: whatever is asked of it, nothing lies on anything else and no fact is lost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.places import Point, every_point, km_between, point_of
from hub.places.marks import LOOKS, beds_words, short_name
from hub.places.picture import MOST_DRAWN, Mark, draw_region
from hub.places.placing import Box, Ground
from hub.places.window import SIZE
from workflows.diagram_parts import text_width

BANDS = (25.0, 50.0, 100.0)
HALIFAX = point_of("HX3")
SVG = "{http://www.w3.org/2000/svg}"
CODES = sorted(every_point())


def marks_at(home: Point | None, *outcodes: str, names: Sequence[str] = (), out: Sequence[int] = ()) -> list[Mark]:
    """Numbered marks with 0, 1, 2 or unknown free beds in turn; those in `out` are left out."""
    made = []
    for index, outcode in enumerate(outcodes):
        name = names[index] if index < len(names) else f"Unit {index + 1}"
        free = (1, 0, None, 2)[index % 4]
        point = point_of(outcode)
        number = None if index in out else index + 1
        made.append(Mark(number, name, point, free, index in out, km_between(home, point)))
    return made


@dataclass
class Drawn:
    """What a figure holds, read back from its markup."""

    figure: str

    def __post_init__(self) -> None:
        self.root = ElementTree.fromstring(self.figure)
        self.caption = "".join(self.root.find("figcaption").itertext())  # type: ignore[union-attr]

    @property
    def texts(self) -> list[ElementTree.Element]:
        """The labels: texts that stand at a place of their own."""
        return [text for text in self.root.iter("text") if text.get("x")]

    @property
    def words(self) -> list[str]:
        """What the labels say."""
        return [text.text or "" for text in self.texts]

    @property
    def symbols(self) -> list[tuple[str, Box]]:
        """The title of each mark and the room its shape takes."""
        found = []
        for group in self.root.iter("g"):
            title = group.find("title")
            if title is None:
                continue
            inner = group.find("g")
            assert inner is not None
            x, y = (float(part) for part in re.findall(r"-?[\d.]+", inner.get("transform", "")))
            half = 10.5 if inner.find("circle") is not None else 6.0
            found.append((title.text or "", Box.round(x, y, half)))
        return found

    @property
    def boxes(self) -> list[Box]:
        """The room that every label and shape takes; a label's is worked out from its own attributes."""
        made = [box for _, box in self.symbols]
        for text in self.texts:
            wide = text_width(text.text or "", bold=False)
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            named = (text.get("class") or "").split()
            left = x - wide if "t-end" in named else x - wide / 2 if "t-mid" in named else x
            made.append(Box(left, y - 9, left + wide, y + 2))
        return made

    def check(self) -> None:
        """Nothing overlaps, nothing leaves the picture, nothing is styled or scripted inline."""
        boxes = self.boxes
        for number, box in enumerate(boxes):
            assert box.left >= 0 and box.top >= 0 and box.right <= SIZE and box.bottom <= SIZE, box
            assert not any(box.meets(other, gap=0) for other in boxes[number + 1 :]), (box, self.words)
        assert "style" not in self.figure and "<script" not in self.figure and "onload" not in self.figure
        svg = self.root.find("div/svg")
        assert svg is not None and svg.get("role") == "img"
        named = (svg.get("aria-labelledby") or "").split()
        assert [child.get("id") for child in (svg.find("title"), svg.find("desc")) if child is not None] == named
        box_round = self.root.find("div")
        assert box_round is not None and box_round.get("tabindex") == "0" and box_round.get("aria-label")
        assert "Contains OS data © Crown copyright" in self.caption and "Royal Mail copyright" in self.caption


def draw(home: Point | None, marks: Sequence[Mark], words: str = "Home, HX3") -> Drawn:
    drawn = Drawn(str(draw_region(home, words, marks, BANDS)))
    drawn.check()
    return drawn


def test_the_picture_of_the_mock_up() -> None:
    codes = ["HX1", "HX4", "LS6", "LA2", "YO25", "BT9", "HG3", "S75", "BD23", "NE3"]
    names = ["Calder Vale Young People’s Unit", "Moorhen Lodge", "Ashgill", "Fellgate Unit", "Wolds View"]
    names += ["Marram House", "Birkhill Ward", "Skelbeck Hospital", "Tarn House", "Harrowby Court"]
    drawn = draw(HALIFAX, marks_at(HALIFAX, *codes, names=names, out=(6, 7, 8, 9)))
    # Home, the rings and the free beds in words; far away is a direction with its distance.
    assert {"Home, HX3", "25 km", "50 km", "100 km", "Harrowby Court, 143 km"} <= set(drawn.words)
    assert "Fellgate, 2 free" in drawn.words and {"Birkhill", "Skelbeck", "Tarn House"} <= set(drawn.words)
    assert len(list(drawn.root.iter("circle"))) > 3
    # Each kind of mark has a shape of its own, in the key too; what has no place is named.
    shapes = {str(look.shape) for look in LOOKS}
    assert len(shapes) == len(LOOKS)
    for look in LOOKS:
        assert drawn.figure.count(str(look.shape)) >= 1 and look.words in drawn.caption
    assert "Not on the map, place not known: 6 Marram House." in drawn.caption
    said = dict(title.split(": ") for title, _ in drawn.symbols)
    assert said["1 Calder Vale Young People’s Unit"] == "2 km, 1 free"
    assert said["2 Moorhen Lodge"].endswith("none free") and said["3 Ashgill"].endswith("beds not known")
    assert said["Birkhill Ward"] == "37 km, left out"
    # Towns to find the way by, where nothing else is.
    assert {"Sheffield", "Manchester"} <= set(drawn.words)


def test_twenty_units_in_one_town_stay_apart_and_point_to_it() -> None:
    drawn = draw(HALIFAX, marks_at(HALIFAX, *["LS1"] * 20))
    numbers = {text.text for text in drawn.root.iter("text") if not text.get("x")}
    assert numbers == {str(number) for number in range(1, 21)}
    leaders = [path for path in drawn.root.iter("path") if path.get("class") == "m-leader"]
    assert len(leaders) == 19
    assert len({(path.get("d") or "").split("L")[0] for path in leaders}) == 1
    # Twenty at home itself leave home visible.
    assert len(draw(HALIFAX, marks_at(HALIFAX, *["HX3"] * 20)).symbols) == 20


def test_units_too_far_for_the_picture_stand_at_its_edge_in_their_direction() -> None:
    plymouth, far = point_of("PL1"), ["NE1", "LS1", "HX3", "AB10", "CA1", "KW1"]
    drawn = draw(plymouth, marks_at(plymouth, *far * 3), "Home, PL1")
    middle = SIZE / 2
    assert len(drawn.symbols) == 18
    for _, box in drawn.symbols:
        across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        assert max(abs(across - middle), abs(down - middle)) > 200
    turns = [path.get("transform", "") for path in drawn.root.iter("path") if path.get("class") == "m-far"]
    # North, a little to the east: every arrow points there, wherever along the edge it had room.
    assert all(0 <= int(turn.split("rotate(")[1].rstrip(")")) <= 40 for turn in turns if turn)
    assert any(re.search(r"\d{3} km", words) for words in drawn.words)
    # Units that fit widen the picture when most lie further away; units that are left out do not.
    many = ["HX1", *["NE1"] * 6]
    wide = draw(HALIFAX, marks_at(HALIFAX, *many))
    near = draw(HALIFAX, marks_at(HALIFAX, *many, out=range(1, 7)))
    assert "further away" not in wide.caption and "further away" in near.caption
    # An edge that is full leaves the rest to the list, and says so.
    full = draw(plymouth, marks_at(plymouth, *["NE1"] * 55), "Home, PL1")
    assert len(full.symbols) < 55
    assert f"{55 - len(full.symbols)} more units stand in the list only" in full.caption


def test_without_a_home_without_units_without_either() -> None:
    nowhere = draw(None, marks_at(None, "LS1", "HX3", "YO1", "BT9"), "")
    assert len(nowhere.symbols) == 3 and not [words for words in nowhere.words if words.endswith(" km")]
    assert "No distances: there is no place to measure from." in nowhere.caption
    assert "Rings" not in nowhere.figure
    alone = draw(HALIFAX, [])
    assert not alone.symbols and "Home, HX3" in alone.words and "100 km" in alone.words
    for home, marks in ((None, []), (None, marks_at(None, "BT9"))):
        nothing = Drawn(str(draw_region(home, "", marks, BANDS)))
        assert nothing.root.find("div") is None and "There is no picture" in nothing.caption
    assert "1 Unit 1" in nothing.caption


def test_more_units_than_there_is_room_for() -> None:
    codes = [code for code in CODES if code.startswith(("LS", "BD", "HX", "HD", "WF"))]
    crowd = draw(HALIFAX, marks_at(HALIFAX, *(codes * 3)[: MOST_DRAWN + 7]))
    assert len(crowd.symbols) == MOST_DRAWN and "7 more units stand in the list only" in crowd.caption


def test_names_are_text_and_not_markup() -> None:
    name = 'Larch & "Fir" <b>'
    drawn = draw(HALIFAX, [Mark(1, name, point_of("YO1"), 1, False, 55.0), Mark(2, name, None, 1, False, None)])
    assert f"{name}, 1 free" in drawn.words and name in drawn.caption


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([None, *CODES]),
    st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 3), st.booleans()), max_size=40),
)
def test_nothing_ever_lies_on_anything_else(home: str | None, asked: list[tuple[str, int, bool]]) -> None:
    here = point_of(home)
    marks = [
        Mark(
            None if out else number,
            f"Unit {number} of {code}",
            point_of(code),
            free,
            out,
            km_between(here, point_of(code)),
        )
        for number, (code, free, out) in enumerate(asked, 1)
    ]
    if here is not None or marks:
        assert len(draw(here, marks).symbols) <= len(marks)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Birkhill Ward", "Birkhill"),
        ("Calder Vale Young People's Unit", "Calder Vale"),
        ("Ward", "Ward"),
        ("Tarn House", "Tarn House"),
        ("The Lady Margaret Fotheringham Memorial Hospital", "The Lady Margar…"),
    ],
)
def test_a_name_where_there_is_little_room(name: str, short: str) -> None:
    assert short_name(name) == short


def test_free_beds_in_words_and_a_full_ground() -> None:
    assert [beds_words(free) for free in (None, 0, 1, 12)] == ["beds not known", "none free", "1 free", "12 free"]
    full = Ground([Box(0, 0, SIZE, SIZE)])
    assert full.put_mark(200, 200, 11) is None is full.put_at_edge(22, 200, 19)
    assert full.put_label(("a",), 200, 200, 11) is None
