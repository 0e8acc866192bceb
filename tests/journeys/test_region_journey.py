"""Somebody telephones and asks for the nearest bed: a coordinator answers, by keyboard, on paper, with no script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.beds.models import BedState
from hub.db import transaction
from hub.organisations.models import Site, Unit
from tests.factories import make_provider
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
UNITS = (
    ("Calder Vale Young People’s Unit", "HX3 0ZB", 0),
    ("Hebble Unit", "HX3 0ZB", 1),
    ("Moorhen Lodge", "HD8 8ZJ", 1),
    ("Ashgill Young People’s Unit", "LS6 3ZD", 3),
    ("Linnet Ward", "LS6 3ZD", None),
    ("Birkhill Ward", "HG3 1ZE", 0),
    ("Fellgate Unit", "LA2 9ZG", 2),
    ("Wolds View", "YO25 9ZH", None),
    ("Stonechat Unit", "NE3 3ZF", 1),
    ("Heron Lodge", "NE3 3ZF", 0),
    ("Harrowby Court", "CA11 4ZN", 1),
    ("Marram House", "ZZ99 3WZ", 1),
)
BOXES = """figure => [...figure.querySelectorAll('.hub-map__svg text[x], .hub-map__svg g > circle')].map(shape => {
  const box = shape.getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom, shape.textContent];
})"""

SCROLLED = """box => new Promise(done => {
  if (box.scrollLeft > 0) done(true);
  box.addEventListener('scroll', () => done(box.scrollLeft > 0), {once: true});
  setTimeout(() => done(box.scrollLeft > 0), 5000);
})"""
"""Waits for the key to take effect; the page's own policy forbids Playwright to ask again and again."""


@pytest.fixture
def units(database: Engine) -> None:
    """Units in the north of England, with beds confirmed an hour ago."""
    now = datetime.now(UTC)
    with Session(database) as session, transaction(session):
        provider = make_provider(session)
        for number, (name, postcode, free) in enumerate(UNITS):
            site = Site(site_code=f"ZG{number}", name=name, organisation_id=provider.id, postcode=postcode)
            session.add(site)
            session.flush()
            kinds = {"bed_type": "301", "gender": "mixed", "age_from": 13, "age_to": 17}
            unit = Unit(unit_code=f"ZG{number}-1", name=name, site_id=site.id, **kinds)
            session.add(unit)
            session.flush()
            if free is not None:
                figures = {"commissioned": 10, "open_beds": 10, "occupied": 10 - free, "held": 0}
                at = now - timedelta(hours=1)
                session.add(BedState(unit_id=unit.id, bed_type="301", confirmed_at=at, **figures))


def apart(boxes: list[list[Any]]) -> None:
    """No two words or shapes of the picture lie on each other, as the browser drew them."""
    assert len(boxes) > 20
    for (left, top, right, bottom, one), (west, north, east, south, other) in combinations(boxes, 2):
        # A line box is taller than its letters: three pixels of it may meet.
        across, down = min(right, east) - max(left, west), min(bottom, south) - max(top, north)
        assert across <= 1 or down <= 3, (one, other, across, down)


@pytest.mark.usefixtures("units")
def test_the_nearest_bed_is_found_by_keyboard(person: Callable[..., Person]) -> None:
    # Given a coordinator at the telephone
    dele = person(Role.COORDINATOR)
    dele.open("/region")
    dele.is_accessible()
    # When they type where the young person lives
    dele.page.get_by_label("Distances from").fill("hx3")
    dele.page.keyboard.press("Enter")
    # Then the answer stands in one sentence, above the list and the picture
    dele.says("The nearest is Hebble Unit, under 1 km.")
    dele.says("Not on the map, place not known: 12 Marram House.")
    dele.is_accessible()
    picture = dele.page.get_by_role("img", name="Units around HX3")
    apart(dele.page.locator("figure").evaluate(BOXES))
    # and on a phone the picture's box is reached and scrolled by keyboard
    dele.page.set_viewport_size({"width": 320, "height": 640})
    dele.is_accessible()
    apart(dele.page.locator("figure").evaluate(BOXES))
    box = dele.page.get_by_role("region", name="Units around HX3, scrolls sideways on a small screen")
    box.focus()
    dele.page.keyboard.press("ArrowRight")
    assert box.evaluate(SCROLLED)
    # and on paper nothing of it is cut off
    dele.page.emulate_media(media="print")
    drawn, paper = picture.bounding_box(), dele.page.locator("figure").bounding_box()
    assert drawn and paper and drawn["width"] <= paper["width"] + 1
    # and it is all the same without a script
    plain = person(Role.COORDINATOR, java_script_enabled=False)
    plain.open("/region")
    plain.page.get_by_label("Distances from").fill("YO25")
    plain.page.get_by_label("Type of bed").select_option(label="General, young person (13 to 17)")
    plain.press("Show")
    plain.says("The nearest is")
    assert plain.page.get_by_role("row", name="Wolds View").get_by_text("under 1 km").count() == 1
