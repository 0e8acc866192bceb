"""The access trail of one person: exactly what they did, in the days asked for, and never what they read."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.access_log import log_access
from hub.engine.models import AccessLog
from hub.trail import queries
from hub.trail.queries import Filters
from tests.factories import actor_of, make_membership, make_person, make_referral
from tests.statements import counted
from workflows.roles import PERSON_ROLES, Role

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def dele(session: Session) -> Membership:
    """The coordinator whose trail is read."""
    return make_membership(session, Role.COORDINATOR, user=make_person(session, "Dele Okafor"))


@pytest.fixture
def lead(session: Session, client: FlaskClient, sign_in: SignIn) -> Membership:
    """The information governance lead, signed in."""
    made = make_membership(session, Role.INFORMATION_GOVERNANCE, user=make_person(session, "Ines Hallam"))
    sign_in(client, made)
    return made


def log(session: Session, who: Membership, what: str, at: datetime = NOW, **values: Any) -> None:
    log_access(session, actor_of(who), what, now=at, **values)


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))


def of_whom(session: Session, what: str) -> list[AccessLog]:
    return list(session.scalars(select(AccessLog).where(AccessLog.what == what).order_by(AccessLog.id)))


def test_a_person_is_found_by_a_part_of_name_or_address(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    assert "Dele Okafor" not in client.get("/trail").text
    for words in ("okaf", "OKAFOR", "  dele   okafor ", dele.user.email[:9]):
        page = client.get("/trail", query_string={"q": words}).text
        assert f'href="/trail?person={dele.user_id}"' in page, words
        assert "coordinator, Fellside Hub" in page
    for words in ("%", "_", "\\", "nobody at all"):
        assert "Nobody has that name" in client.get("/trail", query_string={"q": words}).text


def test_more_people_than_can_be_shown_is_said(session: Session, client: FlaskClient, lead: Membership) -> None:
    for number in range(30):
        make_person(session, f"Jo Similar {number}")
    page = client.get("/trail?q=similar").text
    assert page.count("Jo Similar") == 25 and "Type more of the name" in page


def test_everything_they_did_is_there_with_references_and_without_content(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    referral = make_referral(session, family_name="Hartwin", given_name="Isobel")
    assert referral.case is not None
    log(session, dele, "opened", item_id=referral.id, case_id=referral.case_id)
    log(session, dele, "listed", detail={"query": "q=Hartwin", "count": 1204}, path="/worklist")
    log(session, dele, "refused", detail={"why": "needs roles: director", "reference": "ADM-2026-00001"})
    log(session, dele, "exported", case_id=referral.case_id)
    log(session, lead, "opened", detail={"reference": "SOMEBODY-ELSE"})
    page = client.get(f"/trail?person={dele.user_id}").text
    assert "4 rows" in page
    for words in ("Opened", referral.reference, referral.case.reference, "1,204 found", "ADM-2026-00001"):
        assert words in page
    assert "needs roles: director" in page and "coordinator at Fellside Hub" in page
    assert "Wednesday 25 March 2026, 10am" in page
    assert "Hartwin" not in page and "SOMEBODY-ELSE" not in page
    assert page.index("Exported") < page.index("1,204 found"), "newest first"


def test_days_and_kinds_filter_and_the_file_holds_exactly_that(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    # 29 March 2026 begins at midnight GMT and ends at midnight BST: 23:30 UTC on it is the next day in London.
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    moments = [sunday - timedelta(seconds=1), sunday, sunday + timedelta(hours=22, minutes=59)]
    for at in (*moments, sunday + timedelta(hours=23)):
        log(session, dele, "opened", at=at, path="/cases/=1+1")
    log(session, dele, "refused", at=sunday)
    where = {"person": dele.user_id, "since": "2026-03-29", "until": "2026-03-29", "kind": "opened"}
    page = client.get("/trail", query_string=where).text
    assert "2 rows" in page and "Download these 2 rows" in page
    answer = client.get("/trail/export", query_string=where)
    assert answer.headers["Content-Disposition"].endswith(
        f'filename="access-trail-{dele.user_id}-from-2026-03-29-until-2026-03-29.csv"'
    )
    rows = rows_of(answer)
    assert [row["at"] for row in rows] == ["2026-03-29T23:59:00+01:00", "2026-03-29T00:00:00+00:00"]
    assert {row["what"] for row in rows} == {"Opened"}
    assert len(rows_of(client.get(f"/trail/export?person={dele.user_id}"))) == 5


@pytest.mark.parametrize("day", ["27/03/2026", "2026-02-30", "0001-01-01", "9999-12-31", "<b>"])
def test_a_day_that_is_none_is_left_out_and_said(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership, day: str
) -> None:
    log(session, dele, "opened")
    page = client.get("/trail", query_string={"person": dele.user_id, "since": day})
    assert page.status_code == 200 and "must be a date like" in page.text and "1 row<" in page.text
    backwards = client.get(f"/trail?person={dele.user_id}&since=2026-03-02&until=2026-03-01").text
    assert "is before" in backwards and "Nothing in the trail" in backwards


def test_a_formula_in_a_path_does_not_run_in_a_spreadsheet(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    log(session, dele, "refused", path="=cmd|' /C calc'!A0")
    (row,) = rows_of(client.get(f"/trail/export?person={dele.user_id}"))
    assert row["page"].startswith("'=")


def test_pages_join_without_gap_or_repeat(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    for number in range(120):
        log(session, dele, "opened", detail={"reference": f"R{number:03}"})
    found, after, pages = [], None, 0
    while pages == 0 or after:
        page = queries.read_trail(session, dele.user_id, Filters(), after)
        found += [seen.row.detail["reference"] for seen in page.rows]
        after, pages = page.next, pages + 1
    assert pages == 3 and found == [f"R{number:03}" for number in reversed(range(120))]
    first = client.get(f"/trail?person={dele.user_id}").text
    assert "Next page" in first and "120 rows" in first
    end = client.get(f"/trail?person={dele.user_id}&after=1-1").text
    assert "Go to the first page" in end


def test_a_file_that_is_cut_says_so(
    session: Session,
    client: FlaskClient,
    lead: Membership,
    dele: Membership,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hub.trail.presenters as presenters

    for place in (queries, presenters):
        monkeypatch.setattr(place, "MOST_EXPORTED", 2)
        monkeypatch.setattr(place, "MOST_COUNTED", 2)
    for _ in range(3):
        log(session, dele, "opened")
    page = client.get(f"/trail?person={dele.user_id}").text
    assert "2+ rows" in page and "Download the newest 2 rows" in page
    rows = rows_of(client.get(f"/trail/export?person={dele.user_id}"))
    assert len(rows) == 3 and rows[-1]["at"].startswith("Only the newest 2 rows are here")


def test_reading_a_trail_is_in_the_trail(
    session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    client.get("/trail?q=okafor")
    client.get(f"/trail?person={dele.user_id}&kind=opened")
    client.get(f"/trail/export?person={dele.user_id}")
    (read,) = of_whom(session, "trail_read")
    (exported,) = of_whom(session, "exported")
    assert {read.user_id, exported.user_id} == {lead.user_id}
    assert read.detail["trail_of"] == exported.detail["trail_of"] == dele.user.email
    assert "kind=opened" in read.detail["query"]
    own = client.get(f"/trail?person={lead.user_id}").text
    assert f"of {dele.user.email}" in own and "access trail" in own


def test_nobody_with_that_number_is_not_found(client: FlaskClient, lead: Membership) -> None:
    for given in ("999999", "0", "x", "1 OR 1=1", "99999999999999999999"):
        assert client.get("/trail", query_string={"person": given}).status_code == 404
        assert client.get("/trail/export", query_string={"person": given}).status_code == 404
    assert "Choose a person" in client.get("/trail/export").text


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_who_may_read_a_trail(
    session: Session, client: FlaskClient, sign_in: SignIn, dele: Membership, role: Role
) -> None:
    log(session, dele, "opened", detail={"reference": "REF-SEEN"})
    sign_in(client, make_membership(session, role))
    may = role in {Role.INFORMATION_GOVERNANCE, Role.DIRECTOR}
    for address in ("/trail", f"/trail?person={dele.user_id}", f"/trail/export?person={dele.user_id}"):
        answer = client.get(address)
        assert answer.status_code == (200 if may else 404), address
        assert may or "REF-SEEN" not in answer.text
    assert ("Access trail" in client.get("/account").text) == may


def test_at_most_six_statements_however_long_the_trail(
    engine: Engine, session: Session, client: FlaskClient, lead: Membership, dele: Membership
) -> None:
    for number in range(200):
        log(session, dele, "opened", at=NOW + number * DAY)
    client.get(f"/trail?person={dele.user_id}")
    for address in (
        f"/trail?person={dele.user_id}&since=2026-04-01",
        "/trail?q=e",
        f"/trail/export?person={dele.user_id}",
    ):
        with counted(engine) as sent:
            assert client.get(address).status_code == 200
        assert len(sent) <= 6, sent


def test_a_trail_is_read_by_its_index(session: Session, dele: Membership, lead: Membership) -> None:
    for number in range(2_000):
        log(session, lead if number % 20 else dele, "opened")
    session.execute(text("ANALYZE access_log"))
    filters = Filters(since=NOW.date(), until=NOW.date(), kinds=frozenset({"opened"}))
    query = queries._accesses(dele.user_id, filters).limit(51)
    written = str(query.compile(session.connection().engine, compile_kwargs={"literal_binds": True}))
    plan = "\n".join(session.scalars(text("EXPLAIN " + written.replace(":", "\\:"))))
    assert "ix_access_log_user" in plan and "Seq Scan on access_log" not in plan, plan
