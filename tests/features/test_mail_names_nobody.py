"""No e-mail holds a name, an NHS number, a date of birth or a clinical word: each is written about the richest case."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import hub.codes
from hub.accounts.links import make_link
from hub.accounts.models import Membership, UserAccount
from hub.accounts.request_models import AccountRequest, Purpose
from hub.engine.models import OutboxMessage, WorkItem
from hub.engine.outbox import MAIL, queue_mail
from hub.engine.perform import perform
from hub.engine.recount_models import Recount, RecountMove
from hub.engine.recounts import RECOUNTED
from hub.engine.sweep import RANG, WARNED
from hub.merges.services import propose
from hub.messages.beside_items import OF_A_UNIT, OF_PEOPLE, OF_THE_HUB
from hub.messages.delivery import _WORDS, deliver_due
from hub.messages.kinds import ANSWER_INSIDE, ANSWER_OUTSIDE, MessageKind, Way
from hub.messages.mail_words import KINDS
from hub.messages.models import Message
from hub.messages.preferences import save_wishes
from hub.messages.queries import PAGES
from hub.messages.told_mail import queue_digests
from hub.messages.who_is_told import TABLE, TOLD_BY_ANOTHER
from tests.admission_factory import make_admission, make_crew
from tests.approach_factory import ask, make_search
from tests.crawler.markers import MARK, MONTHS, plant
from tests.escalation_factory import make_dispute
from tests.factories import NOW, emergency_values, make_membership, make_unit, start_referral
from tests.features.mailbox import send_all, text_of
from tests.features.test_mail import office
from tests.stay_factory import stay_on
from workflows import ALL, everyday
from workflows.roles import Role

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BORN = date(2010, 9, 14)
NUMBER = "9990000018"
PATIENT = ("Hartwinzq", "Isobelzq", "Izzyzq", "Formerlyzq")
NAMES_A_PLACE = {"mail.role_given"}
"""It says which role was given, and where: an organisation, and no person."""
CLINICAL = """
    abuse absconding admitted agitation aggression anorexia anxiety arson assault attachment autism bipolar bulimia care
    catatonia clinical cognitive compulsive consent crisis cutting delusion depression detained diagnosis diagnoses
    discharge disorder distress dose drug eating emergency epilepsy episode exploitation family fire gender gillick
    hallucination harm history hospital illness injury leave learning legal ligature medication mental mood mother
    naso neglect nurse obsessive offending overdose parent patient personality pregnancy psychiatric psychosis
    psychotic psychological restraint risk runaway safeguarding schizophrenia seclusion section self sexual sleep
    substance suicide suicidal symptom therapy trauma treatment urgent violence violent voices ward weight
""".split()
"""What says something of somebody's health, law or family. "Admission decision" and "Stay" are kinds of item."""


class Richest:
    """One person with everything on record, in an item of every kind, and everybody who works with them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        crew = make_crew(session)
        named = {"family_name": PATIENT[0], "given_name": PATIENT[1], "preferred_name": PATIENT[2]}
        told = named | {"date_of_birth": BORN, "nhs_number": NUMBER, "postcode": "LS1 4AB"}
        search = make_search(session, crew, **told)
        ask(session, search, make_unit(session), crew.coordinator)
        twin = make_admission(session, "assessed", crew=crew, referral=told | {"nhs_number": "9990000026"})
        stay_on(session, crew=crew, referral=told | {"nhs_number": "9990000034"})
        make_dispute(session, "independent_review", about=search, question="Where will Izzyzq live?")
        emergency = start_referral(session, crew.referrer, **emergency_values(**named, date_of_birth=BORN))
        perform(session, emergency, "submit", crew.referrer, now=NOW, values={"declaration": True})
        self.administrator = make_membership(session, Role.ADMINISTRATOR)
        self.unit_id = make_unit(session).id
        make_membership(session, Role.UNIT_MANAGER)
        patients = [each.case.patient_id for each in (search, twin) if each.case is not None]
        propose(session, *patients, taken=(), why="The same birthday", actor=crew.coordinator, now=NOW)
        session.execute(text("UPDATE referral SET previous_family_names = :name"), {"name": PATIENT[3]})
        session.execute(text("UPDATE user_account SET name = 'Staffnamezq Number' || id || 'zq'"))
        session.execute(text("UPDATE work_item SET owner_id = :owner"), {"owner": crew.case_manager.user_id})
        session.execute(text("UPDATE outbox_message SET sent_at = created_at"))
        session.flush()
        self.planted = plant(session) + _fill_the_rest(session)
        self.owner_id = crew.case_manager.user_id
        self.items = {item.kind: item for item in session.scalars(select(WorkItem).order_by(WorkItem.id))}

    def say(self, topic: str, now: Any) -> None:
        """An outbox row whose payload holds far more than any should."""
        item = self.items.get(topic.partition(".")[0]) or self.items["referral"]
        is_about_none = topic in {*OF_THE_HUB, *OF_A_UNIT, *OF_PEOPLE, RECOUNTED}
        payload = {
            **{"reference": item.reference, "kind": item.kind, "clock": "review", "due_at": now.isoformat()},
            **{"title": " ".join(PATIENT), "reason": "zqp1x has not eaten", "note": "zqp2x", "nhs_number": NUMBER},
            **{"born": BORN.isoformat(), "unit": "Linden", "unit_id": self.unit_id, "user_ids": [self.owner_id]},
            **{"until": "Monday 9am", "known_until": "31 December 2028", "recount_id": self.recount(), "why": "zqp8x"},
        }
        row = OutboxMessage(topic=topic, item_id=None if is_about_none else item.id, payload=payload, created_at=now)
        self.session.add(row)

    def recount(self) -> int:
        """A change of the calendar that moved something of the owner's."""
        found = self.session.scalar(select(Recount.id))
        if found is None:
            made = Recount(on_date=NOW.date(), title="zqp3x", kind="bank_holiday", change="added", at=NOW, total=1)
            self.session.add(made)
            self.session.flush()
            item = self.items["referral"]
            move = {"clock_id": _clock_of(self.session, item), "item_id": item.id, "old_due_at": NOW, "new_due_at": NOW}
            self.session.add(RecountMove(recount_id=made.id, **move))
            self.session.flush()
            found = made.id
        return found

    def account_mail(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        """What every kind of e-mail about accounts is written from; a new kind needs a line here."""
        session, owner = self.session, self.owner_id
        request = AccountRequest(
            **{"name": "Staffnamezq Asker", "job": "zqp4x", "email": "ada@tarn.example", "reason": "zqp5x"},
            **{"organisation_typed": "zqp6x", "asked_at": NOW, "refusal": "other"},
        )

        def link(purpose: Purpose, **whose: Any) -> Mapping[str, Any]:
            return {"link_id": make_link(session, purpose, NOW, **whose).id}

        session.add(request)
        session.flush()
        member = session.scalars(select(Membership.id).where(Membership.user_id == owner)).first()
        return {
            "password": lambda: link(Purpose.PASSWORD, user_id=owner),
            "invitation": lambda: link(Purpose.INVITATION, user_id=self.administrator.user_id),
            "confirm_address": lambda: link(Purpose.CONFIRM_ADDRESS, request_id=request.id),
            "password_changed": lambda: {"user_id": owner},
            "role_given": lambda: {"membership_id": member},
            "request_refused": lambda: {"request_id": request.id},
        }


def test_no_mail_holds_a_name_a_number_a_birthday_or_a_clinical_word(session: Session, tmp_path: Path) -> None:
    rich, sending = Richest(session), office(tmp_path / "mail")
    assert rich.planted > 100 and set(rich.items) >= set(ALL) - {"policy_change"}
    topics = {
        *(topic for workflow in ALL.values() for topic in workflow.topics),
        *everyday.TOPICS,
        *TABLE,
        *OF_THE_HUB,
        *OF_A_UNIT,
        *OF_PEOPLE,
        *_WORDS,
        *PAGES,
        *ANSWER_INSIDE,
        *ANSWER_OUTSIDE,
        RANG,
        WARNED,
        RECOUNTED,
    }
    for days, way in enumerate((Way.AT_ONCE, Way.DAILY)):
        now = NOW + days * DAY
        for user_id in session.scalars(select(UserAccount.id)).all():
            save_wishes(session, user_id, dict.fromkeys(MessageKind, way), now=now)
        for topic in sorted(topics):
            rich.say(topic, now)
        session.flush()
        while deliver_due(session, now=now, folder=tmp_path / "files"):
            session.flush()
    heard = set(session.scalars(select(Message.topic)))
    assert topics - heard == set(TOLD_BY_ANOTHER), "nobody heard of these"
    assert set(session.scalars(select(Message.kind))) == set(MessageKind)
    queue_digests(session, now=NOW + 2 * DAY)
    for kind, payload in rich.account_mail().items():
        queue_mail(session, kind, payload(), now=NOW)
    mails = send_all(session, sending, NOW + 2 * DAY + MINUTE)
    unsent = select(OutboxMessage.topic, OutboxMessage.last_error).where(OutboxMessage.last_error.is_not(None))
    assert session.execute(unsent).all() == []
    written = sorted(int(path.stem) for path in sending.folder.glob("*.eml"))
    rows = session.execute(select(OutboxMessage.id, OutboxMessage.topic)).all()
    topic_of = {int(row.id): str(row.topic) for row in rows}
    assert {topic_of[number].removeprefix(MAIL) for number in written} == set(KINDS), "each kind is written here"
    clinical = _clinical_words()
    names = session.scalars(text("SELECT name FROM organisation"))
    places = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    for mail, number in zip(mails, written, strict=True):
        html = mail.get_body(("html",))
        assert html is not None
        heads = "\n".join(f"{name}: {value}" for name, value in mail.items() if name != "To")
        for part in (heads, text_of(mail), str(html.get_content())):
            said = places.sub("", part) if topic_of[number] in NAMES_A_PLACE else part
            assert _found(said, clinical) == set(), (topic_of[number], said)
    for path in (tmp_path / "files").glob("*.json"):
        assert _found(path.read_text().rpartition('"topic"')[0], clinical) == set(), path.read_text()
    # What would be found is found.
    for leak in (
        "Izzyzq",
        "number 42zq",
        "999 000 0018",
        "999-000-0018",
        "14/09/10",
        "14th September 2010",
        "2010-09-14",
        "14.9.2010",
        "Anorexia",
        "section 2",
        "zqi12x",
    ):
        assert _found(f"About {leak}, today", clinical), leak


def _found(said: str, clinical: set[str]) -> set[str]:
    low = said.casefold()
    digits = re.sub(r"(?<=\d)[\s\u00a0.\-]+(?=\d)", "", said)
    words = set(re.findall(r"[a-zà-ž]+", low))
    found = {*MARK.findall(low), *(words & clinical), *re.findall(r"\w*zq\b", low)}
    found |= {phrase for phrase in clinical if " " in phrase and phrase in low}
    found |= {number for number in (NUMBER, "9990000026", "9990000034") if number in digits}
    return found | {day for day in _birthdays() if day in low}


def _birthdays() -> Iterator[str]:
    days, years = {f"{BORN.day}", f"{BORN.day:02d}", f"{BORN.day}th"}, {f"{BORN.year}", f"{BORN.year % 100:02d}"}
    month = MONTHS[BORN.month - 1].casefold()
    months = {f"{BORN.month}", f"{BORN.month:02d}", month, month[:3]}
    for day, named, year, mark in product(days, months, years, (" ", "/", "-", ".")):
        yield mark.join((day, named, year))
        yield mark.join((named, day, year))
        if len(year) == 4:
            yield mark.join((year, named, day))
    yield from (BORN.strftime("%Y%m%d"), BORN.strftime("%d%m%Y"))


def _clinical_words() -> set[str]:
    found = set(CLINICAL)
    for name in ("legal_status", "primary_reason", "autism", "learning_disability", "consent_basis", "leave_kind"):
        with (Path(hub.codes.__file__).parent / f"{name}.csv").open(encoding="utf-8") as lines:
            found |= {row["label"].casefold() for row in csv.DictReader(lines)}
    return found


def _fill_the_rest(session: Session) -> int:
    """A mark in every text column that is still empty and takes one; gives how many columns."""
    columns = session.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'text' AND table_name = ANY(:tables) AND column_name NOT IN ('kind', 'reference', 'state')"
        ),
        {"tables": [*ALL, "care_case", "patient", "case_alert", "case_stay", "document"]},
    ).all()
    filled = 0
    for table, column in columns:
        try:
            with session.begin_nested():
                empty = f"coalesce(\"{column}\", '') = ''"
                session.execute(text(f'UPDATE "{table}" SET "{column}" = \'zqe1x\' WHERE {empty}'))
            filled += 1
        except DBAPIError:
            continue  # a code, which a rule keeps from being anything else
    session.expire_all()
    return filled


def _clock_of(session: Session, item: WorkItem) -> int:
    return int(session.execute(text("SELECT id FROM clock WHERE item_id = :id LIMIT 1"), {"id": item.id}).scalar_one())
