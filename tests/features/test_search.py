"""The one box: what is typed, what it finds and why, what is logged; on names that trip up careless programs."""

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.models import AccessLog
from hub.patients.models import FormerNumber, Patient
from hub.search.finding import Answer, answer
from hub.search.keys import read_keys
from hub.search.queries import find
from hub.search.question import read_question
from tests.factories import (
    NOW,
    make_actor,
    make_membership,
    make_provider,
    make_referral,
    make_unit,
)
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
Ask = Callable[[str, Actor], Answer]
TODAY = date(2026, 3, 16)
PEOPLE: dict[str, dict[str, Any]] = {
    "smith": {"family_name": "Smith", "given_name": "Isobel", "date_of_birth": date(2011, 3, 14)},
    "smythe": {"family_name": "Smythe", "given_name": "Tom", "preferred_name": "Rowan"},
    "oneill": {"family_name": "O’Neill-Ábrahám", "given_name": "Zoë", "previous_family_names": "Jones, née Kowalczyk"},
    "jose": {"family_name": "de la Cruz y Ortiz", "given_name": "María José"},
    "mcdonald": {"family_name": "MacDonald", "given_name": "Ailsa"},
    "arabic": {"family_name": "العلي", "given_name": "نور"},
    "hebrew": {"family_name": "בר-לב", "given_name": "נועה"},
    "cyrillic": {"family_name": "Левко", "given_name": "Оксана"},
    "greek": {"family_name": "Παππά", "given_name": "Ελένη"},
    "chinese": {"family_name": "李", "given_name": "明"},
    "short": {"family_name": "Y", "given_name": "X"},
    "letters": {"family_name": "Þórsdóttir", "given_name": "Łukasz"},
    "percent": {"family_name": "O_Dare%", "given_name": "Null"},
}
FINDS: tuple[tuple[str, set[str]], ...] = (
    ("smith", {"smith", "smythe"}),
    ("SMYTH", {"smith", "smythe"}),
    ("isobel smith", {"smith"}),
    ("Smith, Isobel", {"smith"}),
    ("smith isabel", {"smith"}),
    ("i smith", {"smith"}),
    ("smi", {"smith"}),
    ("simth isobel", {"smith"}),
    ("smiht", {"smith"}),
    ("smith 14/03/2011", {"smith"}),
    ("14 Mar 2011", {"smith"}),
    ("2011-03-14", {"smith"}),
    ("14032011", {"smith"}),
    ("smith 15/03/2011", set()),
    ("rowan", {"smythe"}),
    ("oneill", {"oneill"}),
    ("o neill", {"oneill", "percent"}),
    ("O'Neil", {"oneill"}),
    ("abraham zoe", {"oneill"}),
    ("kowalchik", {"oneill"}),
    ("jones", {"oneill"}),
    ("jose", {"jose"}),
    ("ortiz maria", {"jose"}),
    ("delacruz", {"jose"}),
    ("mcdonald", {"mcdonald"}),
    ("mc donald", {"mcdonald"}),
    ("العلي", {"arabic"}),
    ("نور العلي", {"arabic"}),
    ("ברלב", {"hebrew"}),
    ("ЛЕВКО", {"cyrillic"}),
    ("παππα", {"greek"}),
    ("李明", set()),
    ("明 李", {"chinese"}),
    ("李", {"chinese"}),
    ("y", {"short", "jose"}),
    ("x y", {"short"}),
    ("thorsdottir lukasz", {"letters"}),
    ("o_dare%", {"percent"}),
    ("%", set()),
    ("_", set()),
    ("'; DROP TABLE patient; --", set()),
    ("\\", set()),
    ("🙂", set()),
    ("smith\x00", {"smith", "smythe"}),
    ("  ", set()),
    ("null", {"percent", "oneill"}),
)


@pytest.fixture
def crowd(session: Session) -> dict[str, Any]:
    """One referral in a case for each of PEOPLE; the ended one is Smith's."""
    usual = {"date_of_birth": date(2009, 1, 2), "preferred_name": None}
    return {
        key: make_referral(session, "declined" if key == "smith" else "submitted", **{**usual, **person})
        for key, person in PEOPLE.items()
    }


@pytest.fixture
def ask(app: Flask, session: Session) -> Iterator[Ask]:
    """What somebody finds; inside a request, since hits are links."""
    with app.test_request_context():
        yield lambda typed, actor: answer(session, actor, typed, now=NOW)


def test_what_is_typed_finds_whom_it_should(session: Session, ask: Ask, crowd: dict[str, Any]) -> None:
    actor = make_actor(session, Role.COORDINATOR)
    case_of = {key: session.get_one(CareCase, item.case_id).reference for key, item in crowd.items()}
    wrong = []
    for typed, expected in FINDS:
        found = {hit.lines[0].reference for hit in ask(typed, actor).hits}
        if found != {case_of[key] for key in expected}:
            wrong.append((typed, expected, sorted(key for key, case in case_of.items() if case in found)))
    assert wrong == []


def test_the_surest_comes_first_and_each_says_why(session: Session, ask: Ask, crowd: dict[str, Any]) -> None:
    actor = make_actor(session, Role.COORDINATOR)
    make_referral(session, family_name="Smithson", given_name="Una", date_of_birth=date(2009, 1, 2))
    make_referral(session, family_name="Smits", given_name="Una", date_of_birth=date(2009, 1, 3))
    found = [(hit.name, hit.why) for hit in ask("smith", actor).hits]
    assert found == [
        ("SMITH, Isobel", "The name as typed"),
        ("SMITHSON, Una", "The name begins so"),
        ("SMYTHE, Tom (Rowan)", "Sounds like it"),
        ("SMITS, Una", "Spelt nearly so"),
    ]
    whys = {typed: [hit.why for hit in ask(typed, actor).hits] for typed in ("rowan", "jones", "kowalchik")}
    assert whys == {
        "rowan": ["What the person likes to be called"],
        "jones": ["An earlier family name"],
        "kowalchik": ["An earlier family name, sounds like it"],
    }
    [smith] = ask("14/03/2011", actor).hits
    assert (smith.why, smith.born_on) == ("Born on 14 March 2011", date(2011, 3, 14))
    [case, referral] = smith.lines
    assert case.words == "Case open since 16 March 2026" and not case.is_ended
    assert referral.words == "Referral: declined, 16 March 2026" and referral.is_ended


def test_a_number_in_any_spacing_and_a_wrong_one_in_words(session: Session, ask: Ask, crowd: dict[str, Any]) -> None:
    actor, number = make_actor(session, Role.CASE_MANAGER), crowd["smith"].nhs_number
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    for typed in (number, spaced, spaced.replace(" ", "-"), f" {number[:5]} {number[5:]} ", f"NHS no. {spaced}"):
        [hit] = ask(typed, actor).hits
        assert (hit.name, hit.why, hit.nhs_number) == ("SMITH, Isobel", "The NHS number", number), typed
    wrong = number[:9] + str((int(number[9]) + 1) % 10)
    said = ask(wrong, actor)
    assert not said.hits and "wrong digit" in said.question.notes[0]
    assert "has 10 digits, and this has 9" in ask(number[:9], actor).question.notes[0]
    assert not ask("999 000 0018", actor).hits


def test_a_reference_however_it_is_typed_goes_straight_there(
    session: Session, client: FlaskClient, sign_in: SignIn, crowd: dict[str, Any]
) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    referral = crowd["smith"]
    case = session.get_one(CareCase, referral.case_id)
    prefix, year, number = referral.reference.split("-")
    short = number.lstrip("0")
    for typed in (
        referral.reference,
        referral.reference.lower(),
        f"ref {short}",
        f"{prefix}{year}{number}",
        f"ref/{year}/{short}",
        f"REF-{short}",
    ):
        assert client.get("/search", query_string={"q": typed}).headers.get("Location") == (
            f"/referrals/{referral.reference}"
        ), typed
    answered = client.get("/search", query_string={"q": case.reference.lower()})
    assert answered.headers["Location"] == f"/cases/{case.reference}"
    assert "Nothing found" in client.get("/search?q=adm+99999").text
    # A bare number may be a case's or an item's: both are offered.
    both = client.get("/search", query_string={"q": short}).text
    assert f"/referrals/{referral.reference}" in both


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Find a person"),
        ("%", "Type letters or numbers"),
        ("x" * 201, "too long"),
        ("\ud83d", "Find a person"),
        ("31/02/2011", "cannot be a date of birth"),
        ("smith 1/1/1800", "cannot be a date of birth"),
        ("one two three four five six seven", "first 6 words"),
        ("12345678", "has 10 digits, and this has 8"),
        ("👩‍👩‍👧", "Nothing found"),
        ("<script>alert(1)</script>", "Nothing found"),
    ],
)
def test_nothing_that_can_be_typed_breaks_the_page(
    session: Session, client: FlaskClient, sign_in: SignIn, typed: str, said: str
) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = client.get("/search", query_string={"q": typed.encode("utf-8", "surrogatepass")})
    assert page.status_code == 200 and said in page.text and "<script>alert" not in page.text


def test_what_was_looked_for_is_logged_once_with_the_count(
    session: Session, client: FlaskClient, sign_in: SignIn, crowd: dict[str, Any]
) -> None:
    member = make_membership(session, Role.COORDINATOR)
    sign_in(client, member)
    client.get("/search?q=")
    client.get("/search?q=smith\0")
    rows = session.scalars(select(AccessLog).where(AccessLog.user_id == member.user_id)).all()
    assert [(row.what, row.path, row.detail) for row in rows] == [
        ("searched", "/search", {"query": "smith", "count": 2})
    ]


def test_units_and_organisations_lead_to_what_there_is_of_them(session: Session, ask: Ask) -> None:
    make_unit(session, make_provider(session))
    tarn = make_provider(session)
    for role, leads_on in ((Role.COORDINATOR, True), (Role.ADMINISTRATOR, False)):
        actor = make_actor(session, role)
        for typed, name in (("tarn hous", "Tarn House"), ("zpr01", "Tarn House"), ("linden", "Linden, Tarn House")):
            places = {place.name: place.href for place in ask(typed, actor).places}
            assert name in places, (role, typed)
            own = "/admin/units/" if name.startswith("Linden") else "/admin/organisations/ZPR01"
            assert places[name].startswith(f"/worklist?organisation={tarn.id}" if leads_on else own)
    for place in ask("tarn house", make_actor(session, Role.QUALITY_LEAD)).places:
        assert (place.name, place.href) == ("Tarn House", "")
    assert not ask("tarn house", make_actor(session, Role.REFERRER)).places


def test_a_merged_record_leads_to_the_one_that_stands(session: Session, ask: Ask, crowd: dict[str, Any]) -> None:
    actor = make_actor(session, Role.COORDINATOR)
    stands, other = (session.get_one(CareCase, crowd[key].case_id).patient_id for key in ("smith", "mcdonald"))
    session.execute(update(CareCase).where(CareCase.patient_id == other).values(patient_id=stands, closed_at=NOW))
    session.execute(update(Patient).where(Patient.id == other).values(merged_into_id=stands))
    session.add(FormerNumber(patient_id=stands, nhs_number="9990000018"))
    session.flush()
    for typed in ("macdonald ailsa", crowd["mcdonald"].nhs_number, "999 000 0018"):
        [hit] = ask(typed, actor).hits
        assert hit.name == "SMITH, Isobel", typed
    [hit] = ask("macdonald ailsa", actor).hits
    assert hit.why == "Another record of the same person"
    assert hit.compare_href == f"/merges/new?one={hit.lines[0].reference}"
    [hit] = ask("macdonald ailsa", make_actor(session, Role.HEAD_OF_COMMISSIONING)).hits
    assert not hit.compare_href, "who may not propose it is not led there"


def test_more_than_fifty_says_how_to_be_told_fewer(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    born = date(1990, 1, 1)
    people = [
        {"family_name": "Ngomo", "given_name": f"Ada{n}", "date_of_birth": born + timedelta(days=n), "created_at": NOW}
        for n in range(60)
    ]
    ids = session.scalars(insert(Patient).returning(Patient.id), [{**each, "name_sound": ""} for each in people]).all()
    session.execute(
        insert(CareCase),
        [{"reference": f"CAS-2001-{n:05d}", "patient_id": n, "service_line": "cyp", "opened_at": NOW} for n in ids],
    )
    sign_in(client, make_membership(session, Role.COORDINATOR))
    client.get("/search?q=ngomo")
    with counted(engine) as sent:
        page = client.get("/search?q=ngomo").text
    assert page.count("NGOMO, Ada") == 50 and "more than 50" in page and "add a date of birth" in page
    assert len(sent) <= 6, sent
    assert client.get("/search?q=ngomo+3/1/1990").text.count("NGOMO, Ada") == 1


LATIN = "abcdefghijklmnopqrstuvwxyzàáâãäåçèéêëìíîïñòóôõöùúûüýÿčďěňřšťůžąćęłńóśźżășțğışøæßþđ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяєіїґ"
word = st.one_of(
    st.text(LATIN, min_size=3, max_size=12),
    st.text(CYRILLIC, min_size=3, max_size=10),
    st.text("אבגדהוזחטיכלמנסעפצקרשת", min_size=3, max_size=8),
    st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=3, max_size=8),
)
name = st.builds(
    lambda parts, join: join.join(part.title() for part in parts),
    st.lists(word, min_size=1, max_size=3),
    st.sampled_from([" ", "-", "’", "'"]),
)


def without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


@pytest.fixture(scope="module")
def searchers(engine: Engine) -> Iterator[tuple[Session, Actor]]:
    """A session of its own for many examples, and who searches."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session, make_actor(session, Role.COORDINATOR)
        outer.rollback()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(family=name, given_name=name, data=st.data())
def test_any_name_is_found_however_it_is_written(
    searchers: tuple[Session, Actor], family: str, given_name: str, data: st.DataObject
) -> None:
    session, actor = searchers
    with session.begin_nested() as kept:
        patient = Patient(family_name=family, given_name=given_name, created_at=NOW)
        session.add(patient)
        session.flush()
        session.add(CareCase(reference="CAS-2000-1", patient_id=patient.id, service_line="cyp", opened_at=NOW))
        session.flush()
        whole = f"{given_name} {family}"
        longest = max(family.replace("-", " ").split(), key=len)
        written = {
            "itself": whole,
            "swapped": f"{family}, {given_name}",
            "family alone": family,
            "other case": whole.swapcase(),
            "folded": str(session.scalar(select(func.name_spelling(family)))),
            "without accents": without_accents(whole),
            "decomposed": unicodedata.normalize("NFD", whole),
            "cut short": longest[: data.draw(st.integers(2, len(longest)))],
        }
        for how, typed in written.items():
            question = read_question(typed, TODAY)
            keys = read_keys(session, question.words)
            assert patient.id in {each.id for each in find(session, actor, question, keys)}, (how, typed)
        kept.rollback()
