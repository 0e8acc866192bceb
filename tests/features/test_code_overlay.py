"""Code lists that an administrator changed: what is in force by day, in every process, and on every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import codes
from hub.app import create_app
from hub.codes import Change
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.code_lists import CodeEntry, keep_up
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.policies.code_lists import add_code, end_code, is_closed, rename_code, why_fixed
from hub.referrals.answers import NotAnAnswer, read_code
from tests.factories import make_actor, make_membership, make_referral, signed_in_cookie
from tests.statements import counted
from workflows import form1
from workflows.roles import Role

LIST = "referral_decline_reason"
CODE = "need_met_in_community"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """The overlay is the process's: no test leaves its own to the next."""
    yield
    codes.lay_over(0, ())


def _now() -> datetime:
    return datetime.now(UTC)


def _change(code: str, label: str | None, from_on: date | None = None, to_on: date | None = None) -> Change:
    return Change(LIST, code, label, from_on, to_on, "test")


def test_what_is_laid_over_holds_by_day() -> None:
    first = date(2027, 4, 1)
    original = codes.label(LIST, CODE)
    codes.lay_over(
        7,
        [
            _change(CODE, "Met at home", first),
            _change("moved_away", "Has moved away", first, first + 10 * DAY),
            _change("criteria_not_met", None, to_on=first),
            _change(CODE, None, to_on=first + 5 * DAY),
        ],
    )
    cases: list[tuple[date, str | None, str | None, bool]] = [
        (first - DAY, original, None, True),
        (first, "Met at home", "Has moved away", True),
        (first + DAY, "Met at home", "Has moved away", False),
        (first + 5 * DAY, "Met at home", "Has moved away", False),
        (first + 6 * DAY, None, "Has moved away", False),
        (first + 11 * DAY, None, None, False),
    ]
    for day, renamed, added, is_there in cases:
        held = codes.codes(LIST, day)
        assert (held.get(CODE), held.get("moved_away"), "criteria_not_met" in held) == (renamed, added, is_there), day
    # An ended code keeps its last name, one to come has its first, and what a day called it stays that day's.
    later = first + 100 * DAY
    assert codes.label(LIST, CODE, later) == "Met at home"
    assert codes.label(LIST, CODE, first - DAY) == original
    assert codes.label(LIST, "moved_away", first - DAY) == "Has moved away"
    assert codes.known_label(LIST, "never_there") == "never_there"
    assert codes.why_not(LIST, CODE, later).startswith("“Met at home” can no longer be chosen: it ended on Tuesday 6 A")
    assert "from Thursday 1 April 2027 on" in codes.why_not(LIST, "moved_away", first - DAY)
    assert codes.why_not(LIST, CODE, first) == codes.why_not(LIST, "never_there", first) == ""
    # The order is the file's, a new code last; the other lists are untouched.
    assert next(iter(codes.codes(LIST, first))) == next(iter(codes.codes(LIST, first - DAY)))
    assert list(codes.codes(LIST, first))[-1] == "moved_away"
    assert codes.rows("priority") == codes.shipped("priority")
    assert codes.version() == 7
    # There is no day before the first of all, and a list that somebody made begin with it can still be read.
    codes.lay_over(8, [_change("always", "Always there", date.min)])
    assert codes.label(LIST, "always", first) == "Always there"


def test_without_a_day_it_is_today_in_london(time_machine: Any) -> None:
    codes.lay_over(8, [_change(CODE, None, to_on=date(2027, 6, 30))])
    # In summer London is an hour ahead: its first of July begins on 30 June at 11pm in UTC.
    time_machine.move_to(datetime(2027, 6, 30, 22, 59, tzinfo=UTC))
    assert CODE in codes.codes(LIST)
    time_machine.move_to(datetime(2027, 6, 30, 23, 0, tzinfo=UTC))
    assert CODE not in codes.codes(LIST)
    with pytest.raises(LookupError):
        codes.detail(LIST, CODE)
    codes.lay_over(9, [Change("bed_type", "301", None, None, date(2027, 6, 30), "test")])
    assert "301" not in codes.codes_of_line("bed_type", "cyp")


def test_the_program_reads_a_list_again_when_its_counter_moves(session: Session) -> None:
    by, bind = make_actor(session, Role.ADMINISTRATOR), session.get_bind().engine
    keep_up(session)
    before = codes.version()
    with counted(bind) as sent:
        keep_up(session, before)
    assert sent == []
    end_code(session, by, LIST, CODE, last_day=codes.today() - DAY, why="Test", now=_now(), seen=0)
    with counted(bind) as sent:
        keep_up(session)
    assert len(sent) == 2
    assert codes.version() != before and CODE not in codes.codes(LIST)
    # A database without changes, after one with some: the lists of the files again.
    keep_up(session, 0)
    assert CODE in codes.codes(LIST)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda by: _add(by, code=CODE), "on the list already"),
        (lambda by: _add(by, code=CODE.upper()), "The list writes this code need_met_in_community"),
        (lambda by: _add(by, code="a b"), "Write the code with letters"),
        (lambda by: _add(by, source=" "), "Enter where the code comes from"),
        (lambda by: _add(by, label="x" * 201), "Enter what the code is called"),
        (lambda by: _add(by, to_on=date(2020, 1, 1)), "The last day is before the first day"),
        (lambda by: _add(by, list_name="priority", code="now"), "This list takes no new code"),
        (lambda by: _add(by, list_name="legal_status", code="99", more={"max_days": "many"}), "Write a whole number"),
        (lambda by: _add(by, list_name="bed_type", code="999", more={"service_line": "sea"}), "Choose a service line"),
        (lambda by: _end(by, list_name="priority", code="urgent"), "It cannot be ended: the times to answer"),
        (lambda by: _end(by, list_name="legal_status", code="02"), "It cannot be ended: Form 1 asks from when"),
        (lambda by: _end(by, last_day=date(2020, 1, 1)), "Give yesterday, to end it at once"),
        (lambda by: _end(by, code="never_there"), "is not on the list"),
        (lambda by: _end(by, list_name="bed_type", code="23"), "Its last day is Sunday 31 March 2024 already"),
        (lambda by: _rename(by, from_on=date(2020, 1, 1)), "Give today or a later day"),
        (lambda by: _rename(by, label=codes.label(LIST, CODE)), "It is called so already"),
        (lambda by: _rename(by, list_name="bed_type", code="23"), "The code ended on Sunday 31 March 2024"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_in_words(session: Session, change: Any, said: str) -> None:
    with pytest.raises(ActionRefused, match=said):
        change(make_actor(session, Role.ADMINISTRATOR))(session)
    assert session.query(CodeEntry).count() == 0


def _add(by: Any, list_name: str = LIST, **given: Any) -> Callable[[Session], None]:
    told = {"code": "moved_away", "label": "Moved", "source": "Hub list", "to_on": None, "more": {}, **given}
    code, label = told.pop("code"), told.pop("label")
    return lambda session: add_code(
        session, by, list_name, code, label, from_on=codes.today(), why="Test", now=_now(), seen=0, **told
    )


def _end(by: Any, list_name: str = LIST, code: str = CODE, last_day: date | None = None) -> Callable[[Session], None]:
    last = last_day or codes.today()
    return lambda session: end_code(session, by, list_name, code, last_day=last, why="Test", now=_now(), seen=0)


def _rename(by: Any, list_name: str = LIST, code: str = CODE, **given: Any) -> Callable[[Session], None]:
    told = {"label": "Another name", "from_on": codes.today(), **given}
    label = told.pop("label")
    return lambda session: rename_code(
        session, by, list_name, code, label, source="Hub list", why="Test", now=_now(), seen=0, **told
    )


def test_every_code_the_rules_name_is_fixed() -> None:
    named = {
        *(("priority", code) for code in form1.PRIORITIES),
        *(("service_line", code) for code in form1.ALLOWED_PRIORITIES),
        *(("legal_status", code) for code in form1.DETAINED),
        *((name, code) for name in ("autism", "learning_disability") for code in form1.LD_OR_AUTISM_POSSIBLE),
        ("consent_basis", form1.NO_CONSENT),
    }
    assert not [pair for pair in named if not why_fixed(*pair)]
    assert why_fixed("legal_status", "01") == why_fixed(LIST, CODE) == ""
    assert is_closed("service_line") and not is_closed("legal_status") and not is_closed(LIST)


def test_an_answer_chosen_before_its_code_ended_is_refused_with_its_name(session: Session) -> None:
    referral = make_referral(session, "in_review")
    reviewer = make_actor(session, Role.CASE_MANAGER)
    answers = {"decline_reason": CODE, "alternative_advice": "Home treatment", "named_clinician": "Piotr Vane, 01632"}
    _end(make_actor(session, Role.ADMINISTRATOR), last_day=codes.today() - DAY)(session)
    keep_up(session)
    with pytest.raises(ActionRefused, match=r"Why is it declined: “.*” can no longer be chosen: it ended on"):
        perform(session, referral, "decline", reviewer, now=_now(), values=answers, reason="It is right")
    # Imports read a day's lists: yesterday it could be chosen.
    assert read_code(LIST, CODE, "Reason", codes.today() - DAY) == CODE
    with pytest.raises(NotAnAnswer, match=r"Reason: “.*” can no longer be chosen"):
        read_code(LIST, CODE.upper(), "Reason", codes.today())


def test_a_form_sent_after_a_code_ended_says_which_and_the_old_item_still_names_it(
    client: FlaskClient, session: Session
) -> None:
    old, fresh = make_referral(session, "declined"), make_referral(session, "in_review")
    signed_in_cookie(session, client, make_membership(session, Role.CASE_MANAGER))
    name = codes.label(LIST, CODE)
    assert name in client.get(f"/referrals/{fresh.reference}/decline").text
    _end(make_actor(session, Role.ADMINISTRATOR), last_day=codes.today() - DAY)(session)
    answers = {"decline_reason": CODE, "alternative_advice": "Home treatment twice a day", "reason": "It is right"}
    answer = client.post(f"/referrals/{fresh.reference}/decline", data=answers)
    assert answer.status_code == 422
    assert f"“{name}” can no longer be chosen: it ended on" in answer.text and "Home treatment twice" in answer.text
    assert name not in client.get(f"/referrals/{fresh.reference}/decline").text
    assert name in client.get(f"/referrals/{old.reference}").text


def test_a_code_entry_is_never_changed_or_removed(session: Session) -> None:
    _end(make_actor(session, Role.ADMINISTRATOR))(session)
    for statement in ("UPDATE code_entry SET code = 'x'", "DELETE FROM code_entry", "TRUNCATE code_entry"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_two_processes_see_a_change_with_the_next_request_and_pay_nothing(
    committed: Engine, test_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each application stands for a process: the overlay it has laid over is put back before each of its requests."""
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        member = make_membership(session, Role.ADMINISTRATOR)
        by = make_actor(session, Role.ADMINISTRATOR)
        browsers = [_browser(session, committed, test_settings, member) for _ in range(2)]
    overlay: list[Any] = [codes._lists, codes._lists]

    def ask(number: int) -> str:
        monkeypatch.setattr(codes, "_lists", overlay[number])
        answer = browsers[number].get(f"/admin/codes/{LIST}")
        overlay[number] = codes._lists
        return answer.text

    for number in range(2):
        assert "Ended" not in ask(number)
    with Session(committed) as session, transaction(session):
        _end(by, last_day=codes.today() - DAY)(session)
    for number in range(2):
        assert "Ended" in ask(number)
    assert overlay[0].version == overlay[1].version > 0
    with counted(committed) as sent:
        ask(0)
    assert sum("code_list_state" in each for each in sent) == 1
    assert sum("code_entry" in each for each in sent) == 0
    assert "sign_in_session" in next(each for each in sent if "code_list_state" in each)


def _browser(session: Session, engine: Engine, chosen: Settings, member: Any) -> FlaskClient:
    app: Flask = create_app(chosen, session_factory=make_sessions(engine))
    client = app.test_client()
    signed_in_cookie(session, client, member)
    return client
