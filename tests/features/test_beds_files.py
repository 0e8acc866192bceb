"""Beds from a file: on the page and by the command, all or nothing, and the same file twice is nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.beds.csv_file import to_csv
from hub.beds.figures import LABELS, read_figures
from hub.beds.importing import import_beds, try_import
from hub.beds.models import BedState, Source
from hub.beds.queries import list_beds
from hub.beds.services import Confirmation, confirm
from hub.cli import main
from hub.config import settings as hub_settings
from hub.db import make_sessions, transaction
from hub.organisations.csv_rows import ImportRefused
from hub.organisations.models import Unit
from tests.factories import actor_of, make_membership, make_organisation, make_unit
from tests.features.bed_rows import HOUR, NOW, entries, said
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HEAD = "unit_code,commissioned,open_beds,occupied,held,closed_why,bed_type,confirmed_at\n"


@pytest.fixture
def unit(session: Session) -> Unit:
    """A unit nobody has confirmed the beds of."""
    return make_unit(session)


@pytest.fixture
def manager(session: Session, unit: Unit) -> Membership:
    """Who looks after its beds."""
    return make_membership(session, Role.UNIT_MANAGER, unit.site.organisation, unit=unit)


class TestFiles:
    """Beds from a file."""

    def test_all_that_is_wrong_by_row_and_field_and_nothing_done(
        self, session: Session, unit: Unit, manager: Membership
    ) -> None:
        other = make_unit(session, make_organisation(session, "ZPR02", name="Heron Care"))
        said(session, unit, NOW)
        code, at = unit.unit_code, "2026-04-02T10:45"
        rows = [
            f"{code},10,10,8,1,,,2026-04-01T09:00",
            f"{code},10,10,8,1,,,",
            f"{other.unit_code},10,10,8,1,,,",
            f"{code},10,11,x,,,302,02/04/2026 25:99",
            f"{code},10,9,9,0,,299,",
            f"{code},10,10,9,0,,203,{at}",
            ",1,1,1,0,,,",
        ]
        with pytest.raises(ImportRefused) as refused:
            import_beds(session, HEAD + "\n".join(rows), actor_of(manager), now=NOW + HOUR)
        found = {(each.line, each.column) for each in refused.value.problems}
        assert found == {
            (3, "unit_code"),
            (4, "unit_code"),
            (5, "occupied"),
            (5, "held"),
            (5, "bed_type"),
            (5, "confirmed_at"),
            (6, "closed_why"),
            (6, "bed_type"),
            (7, "bed_type"),
            (8, "unit_code"),
        }
        assert "is not a unit of yours" in str(refused.value) and entries(session) == 1
        for wrong, column in {
            f"{code},10,10,8,1,,,2026-04-02T09:45": "older than what is recorded",
            f"{code},10,10,7,1,,,{at}": "other figures are recorded for this moment",
            f"{code},10,10,7,1,,,2027-04-02T10:45": "has not come yet",
            f"{code},10,10,7,1,,,2026-03-29T01:30": "the clocks went forward",
        }.items():
            with pytest.raises(ImportRefused, match=column):
                import_beds(session, HEAD + wrong, actor_of(manager), now=NOW + HOUR)
        for whole in ("unit_code\nx\n", HEAD, HEAD + f"{code},1,1,1,0,,,\n" * 5001, HEAD + '"'):
            with pytest.raises(ImportRefused):
                import_beds(session, whole, None, now=NOW)
        assert entries(session) == 1

    def test_the_same_file_twice_changes_nothing_and_a_newer_one_does(self, session: Session, unit: Unit) -> None:
        manager = actor_of(make_membership(session, Role.UNIT_MANAGER, unit.site.organisation))
        said(session, unit, NOW)
        plain = HEAD + f"{unit.unit_code},12,10,9,1,'=HYPERLINK(1),,\n"
        dated = HEAD + f"{unit.unit_code.lower()},12,12,9,1,,301,02/04/2026 14:00\n"
        assert len(try_import(session, plain, manager, now=NOW + HOUR).told) == 1 and entries(session) == 1
        first = import_beds(session, plain, manager, now=NOW + HOUR)
        again = import_beds(session, plain.replace("\n", "\r\n"), manager, now=NOW + 2 * HOUR)
        assert ([len(first.told), first.same], [len(again.told), again.same]) == ([1, 0], [0, 1])
        assert again.is_known_file and entries(session) == 2
        state = session.get_one(BedState, (unit.id, "301"))
        assert (state.closed_why, state.source, state.confirmed_at) == ("=HYPERLINK(1)", Source.CSV, NOW + HOUR)
        assert len(import_beds(session, dated, manager, now=NOW + 4 * HOUR).told) == 1
        assert import_beds(session, dated + "\n,,\n", manager, now=NOW + 5 * HOUR).same == 1
        assert state.confirmed_at == datetime(2026, 4, 2, 13, tzinfo=UTC) and entries(session) == 3
        older = HEAD + f"{unit.unit_code},12,10,9,1,=HYPERLINK(1),301,2026-04-02T10:45:00Z\n"
        assert import_beds(session, older, manager, now=NOW + 5 * HOUR).same == 1 and entries(session) == 3
        assert import_beds(session, HEAD + f"{unit.unit_code},3,3,1,0,,302,\n", None, now=NOW + 6 * HOUR).told

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.text(min_size=1, max_size=40))
    def test_what_goes_out_comes_back_as_nothing_new(
        self, session: Session, unit: Unit, occupied: int, held: int, closed: int, why: str
    ) -> None:
        in_use = occupied + held
        typed = (in_use + closed, in_use, occupied, held, why)
        figures, _ = read_figures(dict(zip(LABELS, map(str, typed), strict=True)))
        trial = session.begin_nested()
        if figures is not None:
            told = Confirmation(unit.id, "301", figures, None, NOW)
            confirm(session, told, seen=0, now=NOW)
            reader = make_membership(session, Role.COORDINATOR)
            file = to_csv(list_beds(session, actor_of(reader), NOW))
            report = import_beds(session, file, None, now=NOW + HOUR)
            assert (report.told, report.same, report.is_known_file) == ([], 1, False)
            assert import_beds(session, file.replace("+01:00", "") + " ", None, now=NOW + HOUR).same == 1
        trial.rollback()
        session.expire_all()

    def test_the_page_tries_it_out_first(
        self, client: FlaskClient, session: Session, unit: Unit, manager: Membership, sign_in: SignIn
    ) -> None:
        sign_in(client, manager)

        def send(content: bytes) -> Any:
            return client.post("/import/beds", data={"file": (io.BytesIO(content), "beds.csv")})

        good = HEAD + f"{unit.unit_code},10,9,8,1,=1+1,,\n"
        for content, words in {
            b"": "empty",
            b"a\0b": "not a CSV file",
            b"\xff\xfe": "not UTF-8",
            b"x" * 400_001: "larger than 400 KB",
            b"unit_code\nx": "the column commissioned is missing",
            HEAD.replace(",", ";").encode(): "semicolons stand between the cells",
            (HEAD + f"{unit.unit_code},1,2,0,0,,,\n").encode(): "2 open, but only 1 commissioned",
        }.items():
            answer = send(content)
            assert answer.status_code == 422 and words.lower() in answer.text.lower(), words
        tried = send(good.encode())
        assert tried.status_code == 200 and "Nothing is changed yet" in tried.text and entries(session) == 0
        assert client.post("/import/beds/go-on", data={"text": ""}).status_code == 303
        assert client.post("/import/beds/go-on", data={"text": HEAD + "NO,1,1,1,0,,,"}).status_code == 422
        done = client.post("/import/beds/go-on", data={"text": good.replace("\n", "\r\n")}, follow_redirects=True)
        assert "1 row confirmed" in done.text and entries(session) == 1
        assert "imported before" in send(good.encode()).text
        file = client.get("/beds/figures.csv").text
        assert "'=1+1" in file and "10,9,8,1" in file


def test_the_command_says_what_it_did(committed: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    with make_sessions(committed)() as session, transaction(session):
        code = make_unit(session).unit_code
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    hub_settings.cache_clear()
    file = tmp_path / "beds.csv"

    def run(content: bytes, *given: str) -> tuple[int, str]:
        file.write_bytes(content)
        result = CliRunner().invoke(main, ["import", "beds", str(file), *given])
        return result.exit_code, result.output

    good = b"\xef\xbb\xbf" + (HEAD + f"{code},10,10,8,1,,,\n").encode()
    told = [
        (run(good, "--dry-run"), 0, "Without --dry-run this would confirm 1 rows"),
        (run(good), 0, "Rows confirmed: 1."),
        (run(good), 0, "This file was imported before"),
        (run((HEAD + "NOWHERE,1,1,1,0,,,\n" * 300).encode()), 1, "... and 100 more problems"),
        (run(b"\xff\xff"), 2, "not UTF-8"),
        (run(b"x" * 2_000_001), 2, "larger than 2 MB"),
    ]
    hub_settings.cache_clear()
    assert [(code, words in output) for (code, output), _, words in told] == [(code, True) for _, code, _ in told]
    with make_sessions(committed)() as session:
        assert entries(session) == 1
