"""Organisations, sites, units, collaboratives, code lists and imports on the administrator's pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import codes
from hub.accounts.models import Membership, SessionEnd, SignInSession
from hub.accounts.request_models import OrganisationEmailDomain
from hub.accounts.sessions import end_session
from hub.engine.admin_log import AdminChange
from hub.organisations.models import Collaborative, Organisation, Site, Unit
from tests.factories import make_hub, make_membership, make_organisation, make_provider, make_referral, make_unit
from tests.statements import counted
from workflows.durations import local
from workflows.roles import Role

DAY = timedelta(days=1)
WHY = {"why": "Asked for by the provider"}


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """The overlay is the process's: no test leaves its own to the next."""
    yield
    codes.lay_over(0, ())


@pytest.fixture
def sam(client: FlaskClient, session: Session, sign_in: Callable[[FlaskClient, Any], None]) -> Membership:
    """The administrator, signed in."""
    made = make_membership(session, Role.ADMINISTRATOR)
    sign_in(client, made)
    return made


def _today() -> date:
    return local(datetime.now(UTC)).date()


def _day(name: str, day: date | None) -> dict[str, str]:
    parts = {"day": day.day, "month": day.month, "year": f"{day.year:04}"} if day else {}
    return {f"{name}-{box}": str(parts.get(box, "")) for box in ("day", "month", "year")}


def _changes(session: Session, subject: str) -> list[str]:
    return list(
        session.scalars(select(AdminChange.what).where(AdminChange.subject == subject).order_by(AdminChange.id))
    )


def test_a_lead_provider_with_its_arms_a_site_and_a_unit(
    client: FlaskClient, session: Session, sam: Membership
) -> None:
    plain = {"kind": "other", "parent_id": "", "arm": "", **WHY, **_day("from_on", _today())}
    add = "/admin/add-organisation"
    assert client.post(add, data=plain | {"ods_code": "xlp9", "name": "Moor Partnership"}).status_code == 303
    lead = session.scalars(select(Organisation).where(Organisation.ods_code == "XLP9")).one()
    own = {"ods_code": "XPA9", "name": "Moor Services", "parent_id": str(lead.id), "arm": "provider"}
    assert client.post(add, data=plain | own).status_code == 303
    wrong = {
        "XLP9": "XLP9 is the code of Moor Partnership already",
        "X!": "The code must be 3 to 12 letters and digits",
    }
    for code, said in wrong.items():
        answer = client.post(add, data=plain | {"ods_code": code, "name": "Again"})
        assert answer.status_code == 422 and said in answer.text and 'value="Again"' in answer.text
    twin = own | {"ods_code": "XPB9", "name": "Twin"}
    assert "has a provider arm already: Moor Services" in client.post(add, data=plain | twin).text
    orphan = twin | {"parent_id": "", "arm": "hub"}
    assert "An arm belongs to a lead provider" in client.post(add, data=plain | orphan).text
    loop = {"name": "Moor Partnership", "kind": "other", "parent_id": "", "arm": "", **WHY, **_day("until_on", None)}
    arm = session.scalars(select(Organisation).where(Organisation.ods_code == "XPA9")).one()
    assert arm.parent_id == lead.id
    page = client.get("/admin/organisations/XLP9").text
    assert "Moor Services" in page and "its own services" in page
    assert "Nothing is different" in client.post("/admin/organisations/xlp9/change", data=loop | {"seen": 10**9}).text
    sites = "/admin/organisations/XPA9/sites/add"
    site = {"site_code": "XPA91", "name": "Moor House", **WHY}
    assert "This is not a postcode" in client.post(sites, data=site | {"postcode": "nowhere"}).text
    assert client.post(sites, data=site | {"postcode": "ls14ab"}).status_code == 303
    made = session.scalars(select(Site).where(Site.site_code == "XPA91")).one()
    assert made.postcode == "LS1 4AB"
    unit = {"unit_code": "moor-1", "name": "Heather", "bed_type": "301", "gender": "mixed", **WHY}
    units = "/admin/sites/XPA91/units/add"
    assert "is below the youngest" in client.post(units, data=unit | {"age_from": "17", "age_to": "13"}).text
    assert "whole years, from 0 to 120" in client.post(units, data=unit | {"age_from": "13", "age_to": "130"}).text
    assert client.post(units, data=unit | {"age_from": "13", "age_to": "17"}).status_code == 303
    for path, expected in {
        "/admin/organisations/XPA9": ("Moor House", "LS1 4AB", "Heather", "General, young person", "Added"),
        "/admin/sites/XPA91": ("Heather", "MOOR-1", WHY["why"]),
        "/admin/units/MOOR-1": ("Moor House", "13 to 17", WHY["why"], sam.user.name),
        "/admin/units?q=heath&bed_type=301": ("Heather",),
        "/admin/organisations?q=moor&kind=other": ("Moor Services", "Moor Partnership"),
    }.items():
        page = client.get(path).text
        assert not [each for each in expected if each not in page], path
    change = {"name": "Heather", "bed_type": "302", "gender": "female", "age_from": "13", "age_to": "17", **WHY}
    seen = str(session.scalars(select(AdminChange.id).where(AdminChange.subject == "unit")).one())
    ended = change | {"seen": seen} | _day("until_on", _today() - DAY)
    assert client.post("/admin/units/MOOR-1/change", data=ended).status_code == 303
    assert "Heather" not in client.get("/admin/units").text
    assert "Heather" in client.get("/admin/units?show=ended").text
    last = session.scalars(select(AdminChange).where(AdminChange.subject == "unit").order_by(AdminChange.id)).all()[-1]
    assert last.old["Type of bed"] == "General, young person (13 to 17)" and last.new["Takes"] == "Female"


def test_an_organisation_ends_with_a_date_and_says_what_hangs_on_it(
    client: FlaskClient, session: Session, sam: Membership
) -> None:
    provider = make_provider(session)
    make_unit(session, provider)
    member = make_membership(session, Role.UNIT_MANAGER)
    referring = make_referral(session, "submitted")
    base = {"kind": "other", "parent_id": "", "arm": "", **WHY}
    path = "/admin/organisations/ZPR01/change"
    page = client.get(path).text
    assert re.search(r"People with a role here</dt><dd>1<", page) and re.search(r"Units</dt><dd>1<", page)
    early = base | {"name": provider.name} | _day("until_on", date(2019, 1, 1))
    assert "The last day is before the first day" in client.post(path, data=early).text
    answer = client.post(path, data=base | {"name": provider.name} | _day("until_on", _today() - DAY))
    assert answer.status_code == 303
    ended = client.get("/admin/organisations/ZPR01").text
    assert "Still there: 1 role of a person" in ended and member.user.name in ended
    assert ">Ended organisations with people in them</a>: <b>1" in client.get("/admin").text
    assert "Tarn House" in client.get("/admin/organisations?show=ended_with_people").text
    # Nobody can switch the hub itself off.
    hub = make_hub(session)
    lost = {"name": hub.name, "kind": "hub", "parent_id": str(hub.parent_id), "arm": "hub", **WHY}
    refused = client.post("/admin/organisations/ZHB01/change", data=lost | _day("until_on", _today()))
    assert "This is the hub itself" in refused.text
    moved = client.post("/admin/organisations/ZHB01/change", data=lost | {"arm": ""} | _day("until_on", None))
    assert "It stays the hub arm" in moved.text
    assert referring.state == "submitted"


def test_arms_stay_apart_when_an_organisation_becomes_one(
    client: FlaskClient, session: Session, sam: Membership
) -> None:
    hub = make_hub(session)
    services = make_organisation(session, "ZPA02", name="Its Services")
    make_membership(session, Role.UNIT_MANAGER, services, user=make_membership(session, Role.DIRECTOR).user)
    given = {"name": "Its Services", "kind": "other", "parent_id": str(hub.parent_id), "arm": "provider", **WHY}
    answer = client.post("/admin/organisations/ZPA02/change", data=given | _day("until_on", None))
    assert answer.status_code == 422 and "End one of the roles first" in answer.text
    session.expire_all()
    assert services.arm is None and _changes(session, "organisation") == []


def test_the_second_of_two_who_change_a_place_is_told(client: FlaskClient, session: Session, sam: Membership) -> None:
    make_provider(session)
    path, base = "/admin/organisations/ZPR01/change", {"kind": "other", "parent_id": "", "arm": "", "seen": "0"}
    first = base | {"name": "Tarn Hall", "why": "Renamed"} | _day("until_on", None)
    assert client.post(path, data=first).status_code == 303
    second = client.post(path, data=base | {"name": "Tarn Lodge", "why": "Other name"} | _day("until_on", None))
    assert second.status_code == 422
    for words in ("What changed meanwhile", "Tarn Hall", "Renamed", 'value="Tarn Lodge"', "Other name"):
        assert words in second.text


def test_domains_and_collaboratives(client: FlaskClient, session: Session, sam: Membership) -> None:
    place = make_provider(session)
    add = f"/admin/organisations/{place.ods_code}/domains/add"
    for typed, said in (("gmail.com", "belongs to no organisation"), ("nhs.uk", "shared by very many")):
        assert said in client.post(add, data={"domain": typed, **WHY}).text
    assert client.post(add, data={"domain": "@Tarn.nhs.uk", "has_subdomains": "y", **WHY}).status_code == 303
    domain = session.scalars(select(OrganisationEmailDomain)).one()
    assert (domain.domain, domain.has_subdomains) == ("tarn.nhs.uk", True)
    remove = f"/admin/organisations/{place.ods_code}/domains/{domain.id}/remove"
    assert client.post(remove).status_code == 303
    assert client.post(remove).status_code == 303
    assert "off the list already" in client.get("/admin").text
    assert _changes(session, "organisation") == ["E-mail domain added", "E-mail domain removed"]
    given = {"name": "Moors collaborative", "service_line": "cyp", "lead_organisation_id": str(place.id)}
    given |= {"policy_set": "default", "status": "planned", **WHY}
    assert client.post("/admin/collaboratives/add", data=given).status_code == 303
    assert "of this name already" in client.post("/admin/collaboratives/add", data=given).text
    made = session.scalars(select(Collaborative)).one()
    seen = {"seen": str(session.scalars(select(AdminChange.id).order_by(AdminChange.id.desc())).first())}
    path = f"/admin/collaboratives/{made.id}"
    assert client.post(f"{path}/change", data=given | seen | {"status": "active"}).status_code == 303
    page = client.get(path).text
    assert "Default policy set" in page and "Was: </span>Status: Planned" in page
    assert "Moors collaborative" in client.get("/admin/collaboratives").text


def test_an_import_is_tried_out_first_and_done_whole_or_not_at_all(
    client: FlaskClient, session: Session, sam: Membership
) -> None:
    head = "ods_code,name,kind,parent_ods_code,arm\n"
    good = {"organisations": head + 'ZIM01,"Imported, ""the"" Team\nNorth",community,,\nZPR01,Tarn Renamed,other,,\n'}
    sites = {"sites": "site_code,name,organisation_ods_code,postcode\nZIM011,New Site,ZIM01,ls1 4ab\n"}
    make_provider(session)

    def send(files: dict[str, str | bytes]) -> Any:
        data = {
            name: (io.BytesIO(text if isinstance(text, bytes) else text.encode()), f"{name}.csv")
            for name, text in files.items()
        }
        return client.post("/admin/import", data=data, content_type="multipart/form-data")

    refusals: list[tuple[dict[str, str | bytes], tuple[str, ...]]] = [
        ({}, ("Choose at least one file",)),
        ({"units": b"\xff\xfe\x00"}, ("This file is not UTF-8 text",)),
        ({"units": " \n"}, ("The file is empty",)),
        ({"units": b"x" * 400_001}, ("larger than 400 KB",)),
        (
            {"organisations": head + "Z!,,nonsense,ZNONE,hub\n", "sites": "site_code\n"},
            (
                "problems: nothing was imported",
                "line 2",
                "parent_ods_code",
                "Must not be empty",
                "The column name is missing",
            ),
        ),
    ]
    for files, expected in refusals:
        answer = send(files)
        assert answer.status_code == 422, files
        assert not [said for said in expected if said not in answer.text], (files, expected)
    tried = send({**good, **sites})
    assert tried.status_code == 200
    for words in ("Nothing is changed yet", "Tarn Renamed", "New Site"):
        assert words in tried.text
    assert session.scalars(select(Organisation).where(Organisation.ods_code == "ZIM01")).first() is None
    assert session.scalars(select(AdminChange)).first() is None
    # A browser sends line ends as two characters.
    again = {name: text.replace("\n", "\r\n") for name, text in {**good, **sites}.items()}
    done = client.post("/admin/import/go-on", data={**again, "why": "Yearly list"})
    assert done.status_code == 303
    assert "Imported: 2 added, 1 changed" in client.get("/admin/organisations").text
    page = client.get("/admin/organisations/ZIM01").text
    assert "Added by an import" in page and "Yearly list" in page and "New Site" in page
    assert session.scalars(select(Organisation.name).where(Organisation.ods_code == "ZPR01")).one() == "Tarn Renamed"
    name = session.scalars(select(Organisation.name).where(Organisation.ods_code == "ZIM01")).one()
    assert name == 'Imported, "the" Team\nNorth'
    assert "Everything is recorded just so already" in send({**good, **sites}).text
    bad = {"organisations": head + "Z!,x,other,,\n", "why": ""}
    assert client.post("/admin/import/go-on", data=bad).status_code == 422
    assert client.post("/admin/import/go-on", data={}).status_code == 303


def test_a_code_list_shows_its_use_and_changes_by_date(client: FlaskClient, session: Session, sam: Membership) -> None:
    make_referral(session, "submitted", gender="1")
    law = client.get("/admin/codes/legal_status").text
    assert "Service line: Children and young people" in client.get("/admin/codes/bed_type").text
    assert "Cannot be ended" in law and "Form 1" in law
    assert "Max days: 28" in law
    add, end = "/admin/codes/gender/add", "/admin/codes/gender/1/end"
    page = client.get(end).text
    assert re.search(r"Records that hold it</dt><dd>1<", page)
    fresh = {"code": "7", "label": "A new one", "source": "MHSDS v7", **_day("to_on", None), **WHY}
    assert "Enter where the code comes from" in client.post(add, data=fresh | {"source": ""}).text
    assert client.post(add, data=fresh | _day("from_on", _today() + 9 * DAY)).status_code == 303
    seen = _seen(client.get(end).text)
    assert client.post(end, data=_day("last_day", _today() - DAY) | WHY | {"seen": "0"}).status_code == 422
    assert client.post(end, data=_day("last_day", _today() - DAY) | WHY | {"seen": seen}).status_code == 303
    rename = "/admin/codes/gender/2/rename"
    given = {"label": "Girl or woman", "source": "Hub list", **_day("from_on", _today()), **WHY}
    assert client.post(rename, data=given | {"seen": _seen(client.get(rename).text)}).status_code == 303
    page = client.get("/admin/codes/gender").text
    for words in (
        "A new one",
        "To come",
        "Ended",
        "Girl or woman",
        "Female",
        "Code ended",
        "Label changed",
        "MHSDS v7",
    ):
        assert words in page, words
    assert "Code lists with a change to come</a>: <b>1" in client.get("/admin").text
    listed = client.get("/admin/codes?show=to_come").text
    assert "/admin/codes/gender" in listed and "/admin/codes/autism" not in listed
    for path in ("/admin/codes/nonsense", "/admin/codes/gender/nonsense/end", "/admin/units/NONE", "/admin/sites/NONE"):
        assert client.get(path).status_code == 404
    assert "It cannot be ended: it decides" in client.get("/admin/codes/audience/hub/end").text
    assert client.post("/admin/codes/audience/hub/end", data=_day("last_day", _today()) | WHY).status_code == 422


def _seen(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="(\d+)"', page) or re.search(r'value="(\d+)"[^>]*name="seen"', page)
    assert found is not None
    return found[1]


def test_lists_cost_the_same_however_long_they_are(client: FlaskClient, session: Session, sam: Membership) -> None:
    engine = session.get_bind().engine
    paths = ("/admin", "/admin/people", "/admin/organisations", "/admin/units", "/admin/collaboratives", "/admin/codes")
    for _ in range(2):
        make_unit(session)
        make_membership(session, Role.UNIT_MANAGER)
    costs = {}
    for path in paths:
        with counted(engine) as sent:
            client.get(path)
        costs[path] = len(sent)
    assert max(costs.values()) <= 5, costs
    for number in range(12):
        make_unit(session, make_organisation(session, f"ZMORE{number}"))
        make_membership(session, Role.REFERRER)
    for path in paths:
        with counted(engine) as sent:
            client.get(path)
        assert len(sent) == costs[path], path


def test_what_was_typed_when_the_session_ended_is_there_again(
    client: FlaskClient, session: Session, sam: Membership, sign_in: Callable[[FlaskClient, Any], None]
) -> None:
    make_provider(session)
    path = "/admin/organisations/ZPR01/change"
    client.get(path)
    for row in session.scalars(select(SignInSession)):
        end_session(session, row.id, SessionEnd.IDLE, datetime.now(UTC))
    late = client.post(path, data={"name": "Typed too late", "kind": "other", **WHY})
    assert late.status_code == 302 and "kept=yes" in late.headers["Location"]
    sign_in(client, sam)
    page = client.get(path).text
    assert 'value="Typed too late"' in page and WHY["why"] in page
    assert session.scalars(select(Unit)).first() is None
