"""Drafting and comparing on the pages and from files: who may, what is refused in words, and what it costs."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.policy_changes.content import LARGEST_FILE, lines_between, read_file
from hub.policy_changes.forms import subject_form
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.services import begin_draft, content_of
from hub.policy_changes.typed import as_typed, read_typed
from tests.factories import NOW, make_actor, make_membership, make_referral
from tests.features.test_worklist import statements
from workflows.policy import DEFAULT, Kind, Never, PolicyError
from workflows.roles import HUB_ROLES, PERSON_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]
ROUTINE = "referral-review--cyp-routine"
DRAFTING = {Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.ADMINISTRATOR, Role.QUALITY_LEAD}
HEADING = 'name = "Spring"\nversion = 7\nin_force_from = 2026-03-01\n'
IDLE = '["case.idle"]\nkind = "duration"\nsentence = "After how long."\nsource = "Ours"\nvalue = "6 working days"\n'


def change_of(session: Session, reference: str) -> PolicyChange:
    session.expire_all()
    return session.scalars(select(PolicyChange).where(PolicyChange.reference == reference)).one()


def boxes(session: Session, reference: str, subject: str, **typed: str) -> dict[str, str]:
    """What a browser sends back for a subject: every box as the page gave it, but for what was typed."""
    change = change_of(session, reference)
    form = subject_form(content_of(change), subject)
    given = {name: getattr(form, name).kwargs["default"] for name in form.boxes}
    return {**given, "was": json.dumps(given), "seen": str(change.version), **typed}


def test_a_draft_is_made_changed_and_proposed_on_the_pages(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    administrator = make_membership(session, Role.ADMINISTRATOR)
    sign_in(client, administrator)
    assert client.post("/policy-changes/new", data={"title": " "}).status_code == 422
    made = client.post("/policy-changes/new", data={"title": "Shorter review"})
    reference = made.location.split("/")[2]
    at = f"/policy-changes/{reference}"
    assert "Referrals" in client.get(made.location).text
    first = client.get(f"{at}/edit/referral").text
    assert f'id="{ROUTINE}" name="{ROUTINE}" type="text" value="7 calendar days"' in " ".join(first.split())
    assert client.get(f"{at}/edit/nothing").status_code == 404
    # What cannot be read, and what is of the wrong kind, is said beside its box; nothing is changed.
    wrong = {ROUTINE: "a while", "referral-age_to--cyp": "many", "referral-resubmit--source--": "x" * 2001}
    page = client.post(f"{at}/edit/referral", data=boxes(session, reference, "referral", **wrong))
    assert page.status_code == 422 and "“a while” is not a length of time" in page.text and 'value="many"' in page.text
    assert "“many” is not a whole number" in page.text and "Use 2,000 letters or fewer" in page.text
    # A value that makes no sense beside another is kept in the draft, said, and cannot be proposed.
    client.post(f"{at}/edit/clocks", data=boxes(session, reference, "clocks", **{"clocks-day_ends": "08:00"}))
    for address in (at, f"{at}/edit"):
        assert "the working day must end after it starts" in client.get(address).text
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    parts = {"day": day.day, "month": day.month, "year": day.year}
    sent = {**{f"effective_on-{name}": str(part) for name, part in parts.items()}, "reason": "x", "seen": "99"}
    assert "must end after it starts" in client.post(f"{at}/propose", data=sent).text
    client.post(f"{at}/edit/clocks", data=boxes(session, reference, "clocks", **{"clocks-day_ends": "16:30"}))
    # Two at once: the second is told what the first did, and keeps what they typed; nothing of the first is lost.
    late = boxes(session, reference, "referral", **{ROUTINE: "5 working days"})
    first_done = boxes(session, reference, "referral", **{"referral-resubmit": "2 working days"})
    assert client.post(f"{at}/edit/referral", data=first_done).status_code == 303
    stale = client.post(f"{at}/edit/referral", data=late)
    assert stale.status_code == 409 and "Someone else has changed this" in stale.text
    assert "referral.resubmit: 5 working days → 2 working days" in stale.text
    assert 'value="5 working days"' in stale.text and 'value="2 working days"' in stale.text
    again = boxes(session, reference, "referral", **{ROUTINE: "5 working days"})
    assert client.post(f"{at}/edit/referral", data=again).status_code == 303
    said = {line.words for line in lines_between(DEFAULT, content_of(change_of(session, reference)))}
    assert said == {
        "clocks.day_ends: 5pm → 4:30pm",
        "referral.resubmit: 5 working days → 2 working days",
        "referral.review (Children and young people, routine): 7 calendar days → 5 working days",
    }
    # What is sent after the session ended waits as it was typed.
    session.execute(update(SignInSession).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=31)))
    lost = boxes(session, reference, "referral", **{"referral-age_to--cyp": "18"})
    assert "sign-in" in client.post(f"{at}/edit/referral", data=lost).location
    sign_in(client, administrator)
    assert 'name="referral-age_to--cyp" type="text" value="18"' in " ".join(
        client.get(f"{at}/edit/referral").text.split()
    )
    # It is proposed, and nobody who had a hand in it is offered to approve it.
    assert client.post(f"{at}/propose", data=sent).status_code == 303
    assert client.get(f"{at}/edit").location == at
    closed = client.post(f"{at}/edit/referral", data=boxes(session, reference, "referral", **{ROUTINE: "1 day"}))
    assert closed.status_code == 422 and "is not possible now" in closed.text and 'value="1 day"' in closed.text
    assert client.post(f"{at}/approve", data={"seen": "99"}).status_code == 403
    sign_in(client, make_membership(session, Role.DIRECTOR))
    assert "5 working days" in client.get(f"{at}/approve").text
    assert client.post(f"{at}/approve", data={"seen": "99"}).status_code == 303
    shown = client.get("/policy-changes").text
    assert "Set 2" in shown and "To come" in shown and "In force" in shown
    assert "5 working days" in client.get("/policy-changes/sets/2").text
    assert (
        client.get("/policy-changes/sets/3").status_code == client.get("/policy-changes/sets/3/toml").status_code == 404
    )


def test_every_role_meets_what_is_its_own(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    change = begin_draft(session, "Shorter review", actor=make_actor(session, Role.QUALITY_LEAD), now=NOW)
    at = f"/policy-changes/{change.reference}"
    reads = (
        "/policy-changes",
        "/policy-changes/sets/1",
        "/policy-changes/sets/1/toml",
        at,
        f"{at}/compare",
        f"{at}/toml",
    )
    writes = ("/policy-changes/new", "/policy-changes/import", f"{at}/edit", f"{at}/edit/referral")
    for role in PERSON_ROLES:
        sign_in(client, make_membership(session, role))
        for address in reads:
            assert client.get(address).status_code == (200 if role in HUB_ROLES else 404), (role, address)
        for address in writes:
            assert client.get(address).status_code == (200 if role in DRAFTING else 404), (role, address)
        if role not in DRAFTING:
            sent = boxes(session, change.reference, "referral", **{ROUTINE: "1 hour"})
            assert client.post(f"{at}/edit/referral", data=sent).status_code == 404
            assert client.post(f"{at}/again").status_code == 404
            assert client.post(f"{at}/withdraw", data={"seen": "9", "reason": "x"}).status_code in {403, 404}
    assert client.get("/policy-changes/POL-2026-99999").status_code == 404


def test_the_page_of_open_items_costs_the_same_for_many(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    quality = make_actor(session, Role.QUALITY_LEAD)
    change = begin_draft(session, "Shorter review", actor=quality, now=NOW)
    policy = content_of(change).with_value("referral.review", "1 hour", service_line="cyp", priority="routine")
    policy = policy.with_value("referral.review", Never("Closed"), service_line="cyp", priority="urgent")
    change.content = policy.to_json()
    sign_in(client, make_membership(session, Role.DIRECTOR))
    at, counts = f"/policy-changes/{change.reference}/compare", []
    assert "No deadline that runs now goes by a rule that differs" in client.get(at).text
    urgent = make_referral(session, priority="urgent", now=NOW - timedelta(hours=1))
    for more in (2, 26):
        for _ in range(more):
            made = make_referral(session, now=NOW)
            manager = make_actor(session)
            for priority in ("urgent", "routine"):
                perform(session, made, "change_priority", manager, now=NOW, values={"priority": priority}, reason="x")
        with statements(session) as sent:
            page = client.get(at).text
        counts.append(len(sent))
    assert counts[0] == counts[1], counts
    assert "It could not have been sent" in page and "Closed" in page and "29 deadlines" in page
    assert "Next page" in page
    assert urgent.reference in page
    rest = client.get(f"{at}?after={page.split('after=')[1].split('#')[0]}").text
    assert urgent.reference not in rest and "First page" in rest and rest.count("Would have been due:") == 0
    shown = [row.count("/referrals/REF-") for row in (page, rest)]
    assert shown == [25, 4]
    # Who may open no case sees the number and none of the items; both are logged.
    sign_in(client, make_membership(session, Role.ADMINISTRATOR))
    page = client.get(at).text
    assert "29 deadlines" in page and "You may see 0 of them" in page and "REF-" not in page
    logged = session.scalars(select(AccessLog.detail).where(AccessLog.what == "listed").order_by(AccessLog.id)).all()
    assert logged[-1]["count"] == 0 and logged[-2]["count"] == 29


NOTHING = "\\u0000"
UNSTORABLE = (IDLE.replace("After", NOTHING), IDLE.replace("Ours", NOTHING))
HOSTILE = [
    (b"\xff\xfe", "not UTF-8"),
    (b" \n", "The file is empty"),
    (b"x" * (LARGEST_FILE + 1), "larger than 1 MB"),
    (f"{HEADING}a = {'[' * 5000}".encode(), "nested too deep"),
    (f"{HEADING}a = {'9' * 5000}".encode(), "This is not TOML"),
    (f"{HEADING}{'.'.join('a' * 900)} = 1".encode(), "a: it needs kind"),
    (f"{HEADING}{IDLE.replace('case.idle', 'x' * 900_000 + '.y')}".encode(), "no policy key"),
    (f"{HEADING}{IDLE.replace('case.idle', 'case.idel')}".encode(), "did you mean case.idle?"),
    (f"{HEADING}{IDLE.replace('duration', 'number')}".encode(), "6 working days' is not a whole number"),
    (f"{HEADING}{IDLE}more = 1\n".encode(), "and nothing else"),
    *((HEADING.encode() + text.encode(), "a text holds a character that cannot be stored") for text in UNSTORABLE),
    (f"{HEADING}{IDLE.replace('6 working days', '1979-05-27')}".encode(), "is not a length of time"),
    (IDLE.encode(), "needs a name, a version"),
]  # fmt: skip


def test_a_file_makes_a_draft_and_a_hostile_one_clear_words(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    for data, said in HOSTILE:
        with pytest.raises(ActionRefused) as no:
            read_file(data, DEFAULT)
        assert said in str(no.value) and len(str(no.value)) < 2000, said
    sign_in(client, make_membership(session, Role.QUALITY_LEAD))

    def send(data: bytes, title: str = "From the other hub") -> Any:
        return client.post("/policy-changes/import", data={"title": title, "file": (io.BytesIO(data), "set.toml")})

    refused = send(HOSTILE[3][0])
    assert refused.status_code == 422 and "nested too deep" in refused.text and "From the other hub" in refused.text
    assert "The file is empty" in client.post("/policy-changes/import", data={"title": "No file"}).text
    assert "Say what the change is about" in send(IDLE.encode(), " ").text
    # What a set gives is what it takes: nothing differs, in whatever order the file is written.
    whole = client.get("/policy-changes/sets/1/toml")
    assert whole.headers["Content-Disposition"].endswith('"policy-set-1.toml"')
    assert "there is nothing to change" in send(whole.data).text
    assert "there is nothing to change" in send(DEFAULT.to_toml().encode()).text
    made = send(f"\ufeff{HEADING}{IDLE}".encode())
    change = change_of(session, made.location.rsplit("/", 1)[1])
    assert change.state == "draft" and change.base["version"] == 1, "never a set in force"
    assert [line.words for line in lines_between(DEFAULT, content_of(change))] == [
        "case.idle: 5 working days → 6 working days",
        "case.idle (Its sentence): " + DEFAULT.entries["case.idle"].sentence + " → After how long.",
        "case.idle (Its source): " + DEFAULT.entries["case.idle"].source + " → Ours",
    ]
    assert b'value = "6 working days"' in client.get(f"/policy-changes/{change.reference}/toml").data
    # Given up, it can be begun again from there.
    at = f"/policy-changes/{change.reference}"
    client.post(f"{at}/withdraw", data={"seen": "99", "reason": "Not yet"})
    assert "Begin again from it" in client.get(at).text
    again = client.post(f"{at}/again").location.rsplit("/", 1)[1]
    assert again != change.reference and content_of(change_of(session, again)).value("case.idle") == "6 working days"
    nothing = begin_draft(session, "Nothing", actor=make_actor(session, Role.DIRECTOR), now=NOW)
    assert (
        "there is nothing to change"
        in client.post(f"/policy-changes/{nothing.reference}/again", follow_redirects=True).text
    )


def test_what_is_typed_is_what_is_read() -> None:
    for entry in DEFAULT.entries.values():
        for value in entry.values.values():
            for part in value.values() if isinstance(value, dict) else (value,):
                assert read_typed(as_typed(part, entry.kind), entry.kind) == part, entry.key
    assert as_typed(2550, Kind.PENCE) == "25.50" and read_typed("£ 25.50", Kind.PENCE) == 2550
    assert read_typed("50 %", Kind.PERCENT) == 50 and read_typed("NONE: Closed", Kind.DURATION) == Never("Closed")
    for text, kind in {
        "": Kind.TEXT,
        "1.234": Kind.PENCE,
        "-1": Kind.NUMBER,
        "maybe": Kind.YES_NO,
        "a,": Kind.LIST,
    }.items():
        with pytest.raises(PolicyError):
            read_typed(text, kind)
