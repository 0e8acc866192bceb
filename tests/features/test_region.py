"""The region's page: who may see it, the order of the list, and the picture that says the same."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.beds.models import BedState
from hub.organisations.models import Collaborative, CollaborativeMember, Organisation, Site, Unit
from tests.factories import make_hub, make_membership, make_organisation
from tests.statements import counted
from workflows.roles import PERSON_ROLES, Role

NOW = datetime(2026, 4, 2, 20, 0, tzinfo=UTC)
SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture(autouse=True)
def thursday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def unit_of(
    session: Session,
    provider: Organisation,
    name: str,
    postcode: str,
    *figures: tuple[str, int, int],
    **values: Any,
) -> Unit:
    """A unit at a site of its own; `figures`: type of bed, free of ten, and for how many hours that has been so."""
    code = f"{provider.ods_code}{name[:3].upper()}"
    site = Site(site_code=code, name=name, organisation_id=provider.id, postcode=postcode)
    site.until_on = values.pop("site_until", None)
    session.add(site)
    session.flush()
    usual = {"bed_type": "301", "gender": "mixed", "age_from": 13, "age_to": 17}
    unit = Unit(unit_code=code, name=name, site_id=site.id, **{**usual, **values})
    session.add(unit)
    session.flush()
    for bed_type, free, hours in figures:
        session.add(
            BedState(
                unit_id=unit.id,
                bed_type=bed_type,
                commissioned=10,
                open_beds=10,
                occupied=10 - free,
                held=0,
                confirmed_at=NOW - timedelta(hours=hours),
            )
        )
    session.flush()
    return unit


@pytest.fixture
def region(session: Session) -> Organisation:
    """Two providers in the collaborative for children and young people, one that left it, and one outside."""
    hub = make_hub(session)
    assert hub.parent_id is not None
    arm = make_organisation(session, "ZPA01", name="Fellside Services", parent_id=hub.parent_id, arm="provider")
    member, left, other = (
        make_organisation(session, code, name=name)
        for code, name in (("ZM1", "Larkwood Care"), ("ZM2", "Departed Trust"), ("ZM3", "Saltmarsh Care"))
    )
    joined = Collaborative(
        name="Fellside young people", service_line="cyp", lead_organisation_id=hub.parent_id, policy_set="default"
    )
    session.add(joined)
    session.flush()
    for organisation, until_on in ((member, None), (left, date(2026, 4, 1))):
        row = {"collaborative_id": joined.id, "organisation_id": organisation.id, "from_on": date(2024, 1, 1)}
        session.add(CollaborativeMember(until_on=until_on, **row))
    unit_of(session, arm, "Calder Vale", "HX1 1AA", ("301", 0, 1), ("302", 2, 1))
    unit_of(session, member, "Moorhen Lodge", "HD8 8ZJ", ("301", 1, 36), level="enhanced", admissions="case_by_case")
    unit_of(session, left, "Ashgill", "LS6 1AA", ("301", 3, 2), admissions="suspended")
    unit_of(session, other, "Fellgate", "LA2 9ZG", ("301", 2, 5))
    unit_of(session, other, "Marram House", "ZZ99 3VZ", ("301", 1, 20))
    unit_of(session, other, "Wolds View", "YO25 9ZH")
    unit_of(session, other, "Linnet", "HX3 1AA", ("203", 1, 3), bed_type="203")
    unit_of(session, other, "Closed site", "HX3 1AA", ("301", 9, 1), site_until=date(2026, 4, 1))
    unit_of(session, other, "Ended ward", "HX3 1AA", ("301", 9, 1), until_on=date(2026, 4, 1))
    return hub


@pytest.fixture
def coordinator(session: Session, region: Organisation, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def rows_of(html: str) -> list[str]:
    """Each row of the list as words, the headings of the groups among them."""
    table = html.split("<tbody", 1)[1].split("</tbody>")[0]
    return [plain(row.split(">", 1)[1]) for row in table.split("<tr ")[1:]]


@pytest.mark.usefixtures("coordinator")
def test_nearest_first_in_the_collaborative_first(client: FlaskClient) -> None:
    html = client.get("/region?near=hx3&bed_type=301").text
    assert rows_of(html) == [
        "In the collaborative",
        "1. Calder Vale Fellside Services 0 of 10 confirmed 1 h ago 2 km up to 25 km Routine",
        "2. Moorhen Lodge Larkwood Care 1 of 10 confirmed 1 day 12 h ago: stale "
        "18 km up to 25 km Enhanced Admissions case by case",
        "Outside the collaborative",
        "3. Ashgill Departed Trust 3 of 10 confirmed 2 h ago 21 km up to 25 km Routine Admissions suspended",
        "4. Fellgate Saltmarsh Care 2 of 10 confirmed 5 h ago 66 km 50 to 100 km Routine",
        "5. Wolds View Saltmarsh Care Not known never confirmed 99 km 50 to 100 km Routine",
        "6. Marram House Saltmarsh Care 1 of 10 confirmed 20 h ago Not known not on the map Routine",
    ]
    said = plain(html)
    # The answer first: what suspended admissions hold is not counted, a doubtful figure is said.
    assert "4 free beds in 3 units that may admit. The nearest is Moorhen Lodge, 18 km." in said
    assert "1 figure is stale and 1 was never confirmed: ask before going by them." in said
    assert "Not on the map, place not known: 6 Marram House." in said
    figure = html.split("<figure", 1)[1]
    for sentence in (
        "1 Calder Vale: 2 km, none free",
        "Ashgill: 21 km, left out",
        "4 Fellgate: 66 km, 2 free",
        "5 Wolds View: 99 km, beds not known",
    ):
        assert f"<title>{sentence}</title>" in figure
    assert "HX3" in figure and "100 km" in figure


@pytest.mark.usefixtures("coordinator")
def test_every_type_of_bed_and_no_place_to_measure_from(client: FlaskClient) -> None:
    html = client.get("/region").text
    rows = rows_of(html)
    assert len(rows) == 8 + 2 and not [row for row in rows if " km" in row]
    # A unit with beds of two types stands there with each; adults' beds belong to no collaborative here.
    assert [row.split(" ", 1)[1][:11] for row in rows[1:4]] == ["Calder Vale", "Calder Vale", "Moorhen Lod"]
    assert "Linnet" in " ".join(rows[rows.index("Outside the collaborative") :])
    assert "8 units and types of bed" in plain(html)
    assert "No distances: there is no place to measure from." in plain(html)
    assert "Closed site" not in html and "Ended ward" not in html


@pytest.mark.usefixtures("coordinator")
@pytest.mark.parametrize(
    ("near", "said"),
    [
        ("Halifax", "“Halifax” is not the first half of a postcode: write it like HX3"),
        ("BT1 1AA", "Where BT1 lies is not known: only places in Great Britain are."),
        ("ZZ99 3VZ", "“ZZ99 3VZ” is not the first half of a postcode"),
        ("<script>alert(1)", "“<script>alert(1)” is not"),
    ],
)
def test_what_is_not_a_place_is_said_beside_the_box(client: FlaskClient, near: str, said: str) -> None:
    answer = client.get("/region", query_string={"near": near, "bed_type": "no such type"})
    assert answer.status_code == 200 and said in plain(answer.text)
    assert "<title>Error: The region" in answer.text and 'aria-describedby="near-hint near-error"' in answer.text
    assert "<script>alert" not in answer.text and len(rows_of(answer.text)) == 10


@pytest.mark.usefixtures("coordinator")
def test_a_type_nobody_has_and_a_whole_postcode(client: FlaskClient) -> None:
    assert "No unit has beds of this type" in client.get("/region?bed_type=208&near=HX3").text
    whole = client.get("/region?near=hx30zb").text
    # Only the district is used: what else was typed of an address is not even given back.
    assert "From HX3" in whole and "0ZB" not in whole.upper()


def test_only_the_hub_sees_the_beds_of_everybody(
    session: Session, region: Organisation, client: FlaskClient, sign_in: SignIn
) -> None:
    assert client.get("/region").status_code == 302
    for role in PERSON_ROLES:
        member = make_membership(session, role)
        client.delete_cookie("hub-session")
        sign_in(client, member)
        of_hub = member.organisation_id == region.id
        answer = client.get("/region?near=HX3")
        assert answer.status_code == (200 if of_hub else 404), role
        assert ("Moorhen Lodge" in answer.text) == of_hub
    # The lead provider's own arm is a provider like the others.
    arm = make_organisation(session, "ZPA01")
    client.delete_cookie("hub-session")
    sign_in(client, make_membership(session, Role.UNIT_MANAGER, arm))
    assert client.get("/region").status_code == 404


@pytest.mark.usefixtures("coordinator")
def test_many_units_cost_no_more_statements_and_stay_light(
    session: Session, engine: Engine, client: FlaskClient
) -> None:
    client.get("/region")
    with counted(engine) as few:
        client.get("/region?near=HX3")
    other = make_organisation(session, "ZM3")
    for number in range(250):
        unit_of(session, other, f"{number:03} Ward", ("LS1 1AA", "NE1 1AA", "YO1 1AA")[number % 3], ("301", 1, 1))
    with counted(engine) as many:
        html = client.get("/region?near=HX3").text
    assert len(many) == len(few) <= 8, many
    assert "58 more units are not shown: choose a type of bed." in plain(html)
    assert "more units stand in the list only" in html
    assert len(gzip.compress(html.encode())) < 100_000
