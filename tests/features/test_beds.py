"""Beds: who sees and confirms them, what is refused and in which words, and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.beds.csv_file import own_text, shown_text
from hub.beds.figures import Figures, figures_of, read_figures
from hub.beds.models import BedState
from hub.beds.queries import is_stale, policy_now, stale_after, state_at
from hub.beds.services import Confirmation, confirm
from hub.engine.drafts import Draft
from hub.organisations.models import Unit
from tests.factories import make_membership, make_organisation, make_unit
from tests.features.bed_rows import HOUR, NOW, TEN, entries, said
from tests.statements import counted
from workflows.roles import HUB_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def unit(session: Session) -> Unit:
    """A unit nobody has confirmed the beds of."""
    return make_unit(session)


@pytest.fixture
def manager(session: Session, unit: Unit) -> Membership:
    """Who looks after its beds."""
    return make_membership(session, Role.UNIT_MANAGER, unit.site.organisation, unit=unit)


class TestFigures:
    """The sums, in words."""

    @pytest.mark.parametrize(
        ("field", "typed", "words"),
        [
            ("commissioned", "", "Enter how many beds are commissioned. Write 0 when there are none"),
            ("open_beds", "1.5", "“1.5” is not a whole number"),
            ("open_beds", "٣", "is not a whole number"),
            ("occupied", "-2", "There cannot be -2 beds"),
            ("held", "9" * 400, "more than 200 beds, so it must be a slip"),
            ("open_beds", "11", "11 open, but only 10 commissioned: one of the two is wrong"),
            ("occupied", "11", "11 occupied, but only 10 open: one of the two is wrong"),
            ("held", "3", "8 occupied and 3 held make 11, but only 10 are open"),
            ("closed_why", "x" * 301, "Use 300 letters or fewer"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_box(self, field: str, typed: str, words: str) -> None:
        figures, wrong = read_figures(TEN | {field: typed})
        assert figures is None and [(each.field, words in each.message) for each in wrong] == [(field, True)]

    def test_closed_beds_need_a_reason_and_open_ones_have_none(self) -> None:
        figures, wrong = read_figures(TEN | {"open_beds": "9"})
        assert figures is None and wrong[0].field == "closed_why" and "1 of 10 are closed" in wrong[0].message
        figures, _ = read_figures(TEN | {"closed_why": "left over from last week"})
        assert figures == Figures(10, 10, 8, 1, "")

    @given(st.integers(-3, 210), st.integers(-3, 210), st.integers(-3, 210), st.integers(-3, 210), st.text(max_size=12))
    def test_what_is_taken_is_what_the_database_takes(self, c: int, o: int, n: int, h: int, why: str) -> None:
        typed = {"commissioned": str(c), "open_beds": str(o), "occupied": str(n), "held": str(h), "closed_why": why}
        figures, wrong = read_figures(typed)
        has_reason = o == c or bool(" ".join(why.replace("\0", "").split()))
        fits = 0 <= o <= c <= 200 and n >= 0 and h >= 0 and n + h <= o and has_reason
        assert (figures is not None) is fits and bool(wrong) is not fits
        if figures is not None:
            assert figures.free == o - n - h >= 0
            assert read_figures(figures.as_typed()) == (figures, [])

    @given(st.text())
    def test_a_text_comes_back_as_it_was_and_is_no_formula(self, why: str) -> None:
        cell = shown_text(why)
        assert own_text(cell) == why and not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_tables_keep_every_confirmation_and_refuse_what_cannot_be(session: Session, unit: Unit) -> None:
    said(session, unit)
    said(session, unit, NOW + HOUR, occupied=9)
    at = [state_at(session, unit.id, "301", NOW + HOUR * hours) for hours in (-1, 0, 2)]
    assert [entry and entry.occupied for entry in at] == [None, 8, 9]
    statements = ("UPDATE {} SET occupied = 0", "DELETE FROM {}", "TRUNCATE {}")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement.format("bed_state_entry")))
    for wrong in ("open_beds = 11", "held = 3", "occupied = -1", "commissioned = 11", "commissioned = 999"):
        with pytest.raises(DBAPIError, match="ck_bed_state_"), session.begin_nested():
            session.execute(text(f"UPDATE bed_state SET {wrong}"))
    policy = policy_now(session, NOW)
    assert stale_after(policy) == timedelta(hours=24)
    ages = [is_stale(NOW - age if age else None, NOW, policy) for age in (None, 24 * HOUR, 24 * HOUR + HOUR / 60)]
    assert ages == [True, False, True]
    assert stale_after(policy.with_value("placement.bed_state_stale", "2 working days")) == timedelta(hours=48)


def test_one_press_when_nothing_has_changed_and_the_figures_otherwise(
    client: FlaskClient, session: Session, unit: Unit, manager: Membership, sign_in: SignIn
) -> None:
    sign_in(client, manager)
    address = f"/beds/{unit.unit_code}"
    page = client.get("/beds/").text
    assert "Not known" in page and "never confirmed" in page and unit.name in page
    first = client.get(address).text
    assert "Nothing has changed" not in first and "Nobody has confirmed these beds yet" in first
    press = {"do": "unchanged", "seen": "0"}
    assert "enter the figures" in client.post(address, data=press).text
    answer = client.post(address, data=TEN | {"occupied": "", "held": "12", "seen": "0"})
    assert (
        answer.status_code == 422 and 'value="12"' in answer.text and "Enter how many beds have somebody" in answer.text
    )
    assert client.post(address, data=TEN | {"seen": "0"}).status_code == 303
    assert "1 of 10 free, 1 held" in client.get(address).text
    # Enter in a box presses the first button, which is not this one; pressed all the same, nothing typed is overruled.
    changed = client.post(address, data=TEN | {"occupied": "7", "seen": "1", "do": "unchanged"})
    assert (
        changed.status_code == 422
        and "You changed Occupied from 8 to 7" in changed.text
        and 'value="7"' in changed.text
    )
    for sent in (press | {"seen": "1"}, TEN | press | {"seen": "2"}):
        assert client.post(address, data=sent).status_code == 303
    state = session.get_one(BedState, (unit.id, "301"), populate_existing=True)
    assert (state.version, figures_of(state), state.confirmed_by_id) == (3, Figures(10, 10, 8, 1), manager.user_id)
    page = client.get(address).text
    assert page.count(manager.user.name) >= 3 and "The last 3" in page and "Nothing has changed: confirm" in page
    closed = TEN | {"open_beds": "9", "occupied": "8", "held": "1", "closed_why": "<b>Staffing</b>", "seen": "3"}
    assert client.post(address, data=closed).status_code == 303
    assert "1 closed: &lt;b&gt;Staffing" in client.get(address).text


def test_the_second_of_two_is_told_and_loses_nothing(
    client: FlaskClient, session: Session, unit: Unit, manager: Membership, sign_in: SignIn
) -> None:
    said(session, unit)
    sign_in(client, manager)
    address, mine = f"/beds/{unit.unit_code}", TEN | {"occupied": "6", "seen": "1"}
    client.get(address)
    other = make_membership(session, Role.UNIT_CLINICIAN, unit.site.organisation)
    told = Confirmation(unit.id, "301", Figures(10, 10, 9, 0), other.user_id, NOW + HOUR)
    confirm(session, told, seen=1, now=NOW + HOUR)
    for press in ({}, {"do": "unchanged", "occupied": "8"}):
        answer = client.post(address, data=mine | press)
        assert answer.status_code == 409 and entries(session) == 2
        page = answer.text
        assert (
            other.user.name in page
            and "What was confirmed meanwhile" in page
            and 'name="seen" type="hidden" value="2"' in page
        )
    assert f'value="{mine["occupied"]}"' in client.post(address, data=mine).text
    garbage = client.post(address, data=mine | {"seen": "9" * 30})
    assert garbage.status_code == 409
    assert client.post(address, data=mine | {"seen": "2"}).status_code == 303
    assert session.get_one(BedState, (unit.id, "301"), populate_existing=True).occupied == 6


def test_what_was_typed_is_kept_when_the_session_ends_and_while_typing(
    client: FlaskClient, session: Session, unit: Unit, manager: Membership, sign_in: SignIn
) -> None:
    said(session, unit)
    sign_in(client, manager)
    address = f"/beds/{unit.unit_code}"
    assert (
        "Draft saved" in client.post(f"{address}/draft", data=TEN | {"occupied": "5", "seen": "1"}).get_json()["said"]
    )
    page = client.get(address).text
    assert 'value="5"' in page and "What you typed before is still here" in page and "Nothing has changed" not in page
    assert client.post(address, data=TEN | {"occupied": "5", "seen": "1"}).status_code == 303
    assert session.scalar(select(func.count()).select_from(Draft)) == 0
    session.execute(text("UPDATE sign_in_session SET ended_at = now(), ended_why = 'idle'"))
    late = client.post(address, data=TEN | {"occupied": "4", "seen": "2"})
    assert late.status_code == 302 and "kept=yes" in late.location and entries(session) == 2
    sign_in(client, manager)
    assert 'value="4"' in client.get(address).text


def test_who_sees_and_who_confirms(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    here, there = make_unit(session), make_unit(session, make_organisation(session, "ZPR02", name="Heron Care"))
    beside = Unit(**{name: getattr(here, name) for name in ("site_id", "bed_type", "gender", "age_from", "age_to")})
    beside.unit_code, beside.name = "ZU-BESIDE", "Rowan"
    session.add(beside)
    session.flush()
    for each in (here, there, beside):
        said(session, each)
    own, empty = here.site.organisation, make_organisation(session, "ZPR03", name="Empty")
    cases = [
        (make_membership(session, Role.UNIT_MANAGER, own, unit=here), (303, 404, 404)),
        (make_membership(session, Role.UNIT_CLINICIAN, own), (303, 303, 404)),
        (make_membership(session, Role.UNIT_MANAGER, empty), (404, 404, 404)),
        (make_membership(session, Role.PROVIDER_QUALITY_LEAD, own), (404,)),
        (make_membership(session, Role.REFERRER), (404,)),
        *((make_membership(session, role), (303 if role is Role.COORDINATOR else 403,)) for role in sorted(HUB_ROLES)),
    ]
    wrong: list[tuple[object, ...]] = []
    for membership, expected in cases:
        sign_in(client, membership)
        listed, csv = client.get("/beds/"), client.get("/beds/figures.csv")
        for unit, answer in zip((here, beside, there), expected, strict=False):
            version = session.get_one(BedState, (unit.id, "301"), populate_existing=True).version
            address, sent = f"/beds/{unit.unit_code}", TEN | {"seen": str(version), "told_by": "Nurse Ames"}
            page, sees = client.get(address.lower()), answer != 404
            got = client.post(address, data=sent).status_code, page.status_code == 200, unit.unit_code in csv.text
            if got != (answer, sees, sees) or (unit.unit_code in listed.text) is not sees:
                wrong.append((membership.role, unit.name, got))
            if ("Save these figures" in page.text) is not (answer == 303):
                wrong.append((membership.role, unit.name, "form"))
        may_import = expected[0] == 303 or membership.organisation_id == empty.id
        if (client.get("/import/beds").status_code, client.post("/import/beds").status_code) != (
            (200, 422) if may_import else (404, 404)
        ):
            wrong.append((membership.role, "import", ""))
    assert not wrong
    here.until_on = (datetime.now(UTC) - timedelta(days=2)).date()
    session.flush()
    sign_in(client, cases[0][0])
    gone = ("ZU-BESIDE", "ZU-BESIDE/draft", here.unit_code, "%00", "NOWHERE")
    assert [client.get(f"/beds/{path}").status_code for path in gone] == [404, 405, 404, 404, 404]
    assert client.post("/beds/ZU-BESIDE/draft", data=TEN).status_code == 404
    sign_in(client, cases[1][0])
    assert client.get("/beds/ZU-BESIDE/types/302").status_code == 404


def test_a_coordinator_enters_what_the_unit_said_on_the_telephone(
    client: FlaskClient, session: Session, unit: Unit, manager: Membership, sign_in: SignIn
) -> None:
    said(session, unit)
    coordinator = make_membership(session, Role.COORDINATOR)
    sign_in(client, coordinator)
    address = f"/beds/{unit.unit_code}"
    page = client.get(address).text
    assert "Who of the unit told you?" in page
    for told_by, words in {"": "Enter who of the unit gave you these figures", "x" * 121: "Use 120 letters"}.items():
        nobody = client.post(address, data={"do": "unchanged", "seen": "1", "told_by": told_by})
        assert nobody.status_code == 422 and words in nobody.text
    assert client.post(address, data={"do": "unchanged", "seen": "1", "told_by": "Nurse  Ames"}).status_code == 303
    state = session.get_one(BedState, (unit.id, "301"), populate_existing=True)
    assert (state.source, state.told_by, state.confirmed_by_id) == ("telephone", "Nurse Ames", coordinator.user_id)
    sign_in(client, manager)
    page = client.get(address).text
    assert (
        f"{coordinator.user.name}, told by Nurse Ames by telephone" in page and "Who of the unit told you" not in page
    )


def test_the_hub_sees_stale_ones_first_by_type_in_few_statements(
    client: FlaskClient, session: Session, engine: Engine, sign_in: SignIn
) -> None:
    provider = make_unit(session).site.organisation
    names = ("Alder", "Birch", "Cherry", "Dogwood")
    units = [make_unit(session, provider) for _ in names]
    now = datetime.now(UTC)
    for unit, name, hours in zip(units, names, (1, 30, 2, 3), strict=True):
        unit.name = name
        said(session, unit, now - HOUR * hours)
    units[3].bed_type, units[0].admissions, units[0].admissions_why = "302", "suspended", "Staffing"
    said(session, units[3], now, commissioned=4, open_beds=4, occupied=0, held=0)
    sign_in(client, make_membership(session, Role.QUALITY_LEAD))
    with counted(engine) as seen:
        page = client.get("/beds/").text
    assert 'href="/region"' in page, "the region has no line in the menu"
    assert len(seen) <= 12, "\n".join(seen)
    order = [page.index(f"<b>{name}</b>") for name in ("Birch", "Alder", "Cherry")]
    assert order == sorted(order) and "confirmed 1 day 6 h ago: stale" in page and "Admissions suspended" in page
    assert page.count("<b>Dogwood</b>") == 2, "its new type, and the one it still has beds of"
    stale = client.get("/beds/?show=stale").text
    assert "Birch" in stale and "Cherry" not in stale
    other = client.get("/beds/?type=302&q=dogw").text
    assert other.count("<b>Dogwood</b>") == 1 and "Alder" not in other
    assert "No unit fits" in client.get("/beds/?q=nothing%00here").text
    old = client.get(f"/beds/{units[3].unit_code}/types/301")
    assert old.status_code == 200 and "Types of bed" in old.text
    assert "Staffing" in client.get(f"/beds/{units[0].unit_code}").text
