"""The page of a dispute: what each kind of reader meets in every state, in a bounded number of statements."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.alerts import add_alert
from hub.cases.models import CareCase, CaseSeal
from hub.conflicts.models import Interest
from hub.engine.perform import perform
from hub.escalations.compare import compared
from hub.escalations.models import Escalation
from hub.flash_points.models import FlashPoint
from hub.referrals.models import Referral
from tests.admission_factory import make_crew
from tests.escalation_factory import (
    DAY,
    actions_of,
    do,
    finish,
    go_up,
    make_dispute,
    make_table,
    ring,
    sit,
    spokesmen,
)
from tests.factories import make_actor, make_organisation
from tests.placement_factory import make_stay, make_ward
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
EARLIER = NOW - 20 * DAY
WHOLE = (Role.CLINICAL_REVIEWER, Role.DIRECTOR)
NOTHING = (Role.FINANCE_LEAD, Role.QUALITY_LEAD, Role.FAMILY_LIAISON, Role.ADMINISTRATOR, Role.UNIT_MANAGER)
ALERT, INTEREST, QUESTION = "ALERTOFTHEHUB", "WHATTHEINTERESTIS", "Who finds the home, and by when?"
MOST_STATEMENTS, ABOUT_NOBODY = 53, 45
"""Of one page, whoever reads it, and whatever was said, proposed and done; about a person, and about none."""


class Reader:
    """Somebody who opens pages; what they read is the page's words, each once apart."""

    def __init__(self, session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine) -> None:
        self._session, self._client, self._sign_in, self._engine = session, client, sign_in, engine
        self.most = 0

    def __call__(self, who: Actor, item: Escalation, status: int = 200, more: str = "") -> str:
        self._session.commit()
        self._sign_in(self._client, self._session.get_one(Membership, who.membership_id))
        self._session.expire_all()
        with counted(self._engine) as sent:
            answer = self._client.get(f"/escalations/{item.reference}{more}")
        assert answer.status_code == status, (who, answer.status_code)
        self.most = max(self.most, len(sent))
        main = answer.text[answer.text.index("<body") :].partition('<footer class="nhsuk-footer')[0]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def has(page: str, *words: str) -> None:
    assert not [said for said in words if said not in page], page


def lacks(page: str, *words: str) -> None:
    assert not [said for said in words if said in page], page


def test_who_reads_what(session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine) -> None:
    # Given a dispute about a person, with a panel, a funder who looks on, and somebody who is kept out
    read = Reader(session, client, sign_in, engine)
    stay = make_stay(session, make_crew(session), make_ward(session), now=EARLIER)
    icb = make_organisation(session, "ZEI01", name="Calder ICB", kind="icb")
    funder, table = make_actor(session, Role.FUNDER, icb), make_table(session)
    kept_out = make_actor(session, Role.COORDINATOR)
    interest = Interest(user_id=kept_out.user_id, organisation_id=table.side_ids[0], kind="financial", what=INTEREST)
    interest.from_on, interest.declared_by_id, interest.declared_at = EARLIER.date(), kept_out.user_id or 0, EARLIER
    session.add(interest)
    add_alert(session, stay.case_id or 0, text=ALERT, detail=ALERT, by_id=table.convenor.user_id or 0, now=EARLIER)
    (larkwood, council), convenor, cost = table.speakers, table.convenor, {"dispute_kind": "package_cost"}
    item = make_dispute(session, "raised", table=table, now=NOW - DAY, about=stay, interim_funder_id=icb.id, **cost)
    has(read(council, item), "Calder ICB was asked and has not agreed", "Until then care goes on as it is")
    do(session, item, "agree_interim_funding", funder, NOW - DAY, funding_terms="FORAMONTH")
    has(read(larkwood, item), "Calder ICB agreed", "FORAMONTH", "Raised: with the hub")
    meanwhile = {"interim_arrangement": "Stays where she is", "interim_payer": "funder"}
    do(session, item, "accept", convenor, NOW - DAY, convenor_id=convenor.user_id, **meanwhile)
    for stage in ("senior", "executive"):
        go_up(session, item, table, stage, NOW - DAY)
    for who in spokesmen(item, table):
        do(session, item, "state_position", who, NOW, words="OURWORDS", wanted="A date")
    has(read(convenor, item), f"Executive review: with {convenor.name}, who convenes")
    nhse = make_organisation(session, "ZEN01")
    panel = [make_actor(session, Role.OUTSIDE_MEMBER, nhse), make_actor(session, Role.QUALITY_GROUP_CHAIR)]
    seats = [
        {"user_id": who.user_id, "seat": seat, "declaration": "NOTHINGTODECLARE"}
        for who, seat in zip(panel, ("chair", "member"), strict=True)
    ]
    do(session, item, "appoint_panel", table.convenor, NOW - DAY, panel=seats)
    told = (QUESTION, "OURWORDS", "NOTHINGTODECLARE", "Stays where she is", "as it agreed", "review: with the panel")
    kept = f"{kept_out.name} is kept out"
    person, number = "About Isobel Hartwin, born 14 September 2010", "999 1"

    # Then everybody who takes part, from outside or for a seat on the panel alone, reads all of it, and of the person a
    # name and a date of birth
    for who in (table.speakers[0], table.seconds[1], funder, *panel):
        page = read(who, item)
        has(page, *told, person, kept, "Has declared an interest in Larkwood Care")
        lacks(page, number, ALERT, INTEREST, "CAS-")
    # And the hub by role reads it with its own banner, and what the interest is
    for who in (table.convenor, *(make_actor(session, role) for role in WHOLE)):
        page = read(who, item)
        has(page, *told, "HARTWIN, Isobel", number, ALERT, INTEREST)
        lacks(page, person)
    # And who sees that things happened reads nothing of it, who sees none of it gets 404
    page = read(make_actor(session, Role.INFORMATION_GOVERNANCE), item)
    lacks(page, QUESTION, "OURWORDS", "Hartwin", "HARTWIN", "NOTHINGTODECLARE", INTEREST, ALERT)
    for role in NOTHING:
        read(make_actor(session, role), item, 404)

    # When sharing is restricted, by the case or by a form of it that was corrected since, those outside are told to
    # ring; the hub's banner is what it was
    case = session.get_one(CareCase, stay.case_id)
    form = session.scalars(select(Referral).where(Referral.case_id == case.id)).first()
    assert form is not None
    for case.sharing_restricted, form.sharing_restricted in ((False, True), (True, False)):
        for who in (funder, panel[1]):
            page = read(who, item)
            has(page, QUESTION, "About somebody whose information must not be shared. Ring the hub")
            lacks(page, "Hartwin", "14 September 2010")
    has(read(table.convenor, item), "HARTWIN, Isobel")
    # When the case is sealed, the hub is let in by name or as a party, and those outside go on
    case.is_sealed = True
    director = make_actor(session, Role.DIRECTOR)
    read(director, item, 404)
    session.add(CaseSeal(case_id=case.id, user_id=director.user_id))
    for who in (director, table.convenor, table.speakers[1]):
        has(read(who, item), QUESTION)
    assert read.most <= MOST_STATEMENTS, read.most


def test_what_it_says_from_the_beginning_to_the_end(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine, app: Flask
) -> None:
    read, table = Reader(session, client, sign_in, engine), make_table(session, 3)
    (larkwood, council, icb), convenor = table.speakers, table.convenor
    known = FlashPoint(
        goes_wrong="Ready to leave, nowhere to go",
        early_sign="No date",
        first_response="RINGFIRST",
        whom_to_ring="The duty desk",
        from_on=EARLIER.date(),
        written_at=EARLIER,
        written_by_id=larkwood.user_id,
        organisation_id=larkwood.organisation_id,
    )
    session.add(known)
    session.flush()
    item = make_dispute(session, "raised", table=table, now=EARLIER, flash_point_id=known.id)

    page = read(larkwood, item)
    has(page, "Raised: with the hub", "Three sides", "A named home and a date", "Starts when the dispute is accepted")
    has(page, "Flash point", "Ready to leave, nowhere to go", "RINGFIRST", "5. Determination 20 working days")
    lacks(page, "Care goes on meanwhile", "About ")
    do(session, item, "accept", convenor, EARLIER + DAY, convenor_id=convenor.user_id)
    has(read(council, item), "Local resolution: with Larkwood Care, Brackendale Council and Wharfe ICB")
    has(read(convenor, item), f"{convenor.name} convenes", "Nothing on record yet", "Nobody of Larkwood Care")

    # Two sides answer, with evidence; the third lets its time and the stage's run out
    kept = app.extensions["hub.intake"].take_in("search log.txt", b"none found")
    for side in (larkwood, council):
        do(session, item, "state_position", side, EARLIER + DAY, words=f"WORDS {side.user_id}", wanted="A date")
    perform(session, item, "add_document", council, now=EARLIER + DAY, values={"document": kept, "audience": "all"})
    do(session, item, "agree_facts", council, EARLIER + DAY, agreed=["1"], disputed_facts=["2"])
    do(session, item, "agree_facts", icb, EARLIER + DAY, agreed=["1"])
    ring(session, EARLIER + 8 * DAY)
    page = read(icb, item)
    has(page, "Local resolution: with Wharfe ICB", "State your position", "late", "1 agreed and locked, 1 disputed")
    has(page, "The time of this stage ran out: it can go up to senior review")
    has(page, "Kind of disagreement: Discharge delay", "Urgency: Standard", "What is wanted: ")
    lacks(page, "discharge_delay", "Asked for:")
    has(page, f"WORDS {larkwood.user_id}", f"WORDS {council.user_id}", "search log.txt Reply clock Met")
    do(session, item, "escalate_to_senior", convenor, EARLIER + 8 * DAY)
    page = read(icb, item)
    has(page, "Its time ran out", "Went up")
    has(page, "Ran out", "Named nobody for this stage", "Recorded as no reply", "What was said before")
    do(session, item, "return_to_local", convenor, EARLIER + 8 * DAY, question="IS IT FAR")
    has(read(council, item), "The question at this stage: IS IT FAR", "Sent back")

    # Versions: an acceptance is cleared by another text, and the two are compared word by word
    rows = actions_of(table, EARLIER, 3)
    do(session, item, "propose", larkwood, EARLIER + 9 * DAY, settlement="A home by May", actions=rows)
    do(session, item, "accept_proposal", council, EARLIER + 9 * DAY, version=1)
    page = read(convenor, item)
    has(page, "Version 1", "(Larkwood Care)", "Now on the table", "Waiting", "with Larkwood Care, Brackendale Council")
    do(session, item, "propose", convenor, EARLIER + 9 * DAY, settlement="A home by June", actions=rows)
    page = read(convenor, item)
    has(page, "so the acceptance was cleared", "(convenor)", "Compare with 1")
    page = read(icb, item, more="/versions/2")
    has(page, "A home by [left out: May ] [new: June ]", "Version 2 compared with 1")
    for number in (1, 3):
        read(icb, item, 404, f"/versions/{number}")
    read(make_actor(session, Role.FINANCE_LEAD), item, 404, "/versions/2")
    read(make_actor(session, Role.INFORMATION_GOVERNANCE), item, 404, "/versions/2")

    # To the top, a panel, what it determined, the actions and what was learned
    for stage in ("senior", "executive", "independent", "determination"):
        go_up(session, item, table, stage, EARLIER + 10 * DAY)
    chair = sit(session, item, table, EARLIER + 10 * DAY)
    page = read(chair, item)
    has(page, f"{chair.name} is on the panel, chair", "Declared: none", "The offer of Larkwood Care is chosen")
    has(page, f"Determined: with {convenor.name}, who convenes", "Binding. Determined", "The law says so")
    rows = actions_of(table, NOW, 2)
    do(session, item, "start_implementing", convenor, EARLIER + 11 * DAY, actions=rows)
    do(session, item, "claim_done", larkwood, EARLIER + 12 * DAY, action_number=1, evidence="THELETTER")
    do(session, item, "dispute_done", icb, EARLIER + 12 * DAY, action_number=1)
    page = read(council, item)
    has(page, "Being carried out: with Larkwood Care and Brackendale Council", "0 of 2 actions settled", "Disputed")
    has(page, "Action 1 Grace Lindley, Larkwood Care", "THELETTER", "To be done", "days left")
    has(page, "Say that an action is done : action 2")
    lacks(page, "done : action 1")
    do(session, item, "claim_done", larkwood, EARLIER + 12 * DAY, action_number=1, evidence="THELETTER")
    do(session, item, "claim_done", council, EARLIER + 12 * DAY, action_number=2, evidence="Another")
    has(read(icb, item), "Being carried out: with Larkwood Care, Brackendale Council and Wharfe ICB", "Confirm that an")
    for by, number in ((icb, 1), (larkwood, 2)):
        do(session, item, "confirm_done", by, EARLIER + 13 * DAY, action_number=number)
    finish(session, item, table, EARLIER + 13 * DAY)
    page = read(larkwood, item)
    has(page, "What was learned", "Ringing earlier", "2 of 2 actions settled", "It took", "Closed")
    lacks(page, "so far", "with the hub")
    assert read.most <= ABOUT_NOBODY, read.most


def test_the_other_ends_and_a_dispute_with_the_hub(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    read, table = Reader(session, client, sign_in, engine), make_table(session)
    for state, said in {
        "withdrawn": ("How it ended", "Withdrawn"),
        "out_of_scope": ("Where to go instead Complaints", "Out of scope"),
        "referred_on": ("To whom Mediation", "Statement of agreed facts None"),
        "agreed": ("Agreed: with", "Not needed"),
    }.items():
        item = make_dispute(session, state, table=table, now=NOW - DAY)
        for who in (table.speakers[1], table.convenor):
            has(read(who, item), *said)
    # The hub is one of the sides: whoever would convene from outside looks on, then convenes
    theirs = make_table(session, hub_is_a_side=True)
    item = make_dispute(session, "raised", table=theirs, now=NOW - DAY)
    page = read(theirs.outside, item)
    has(page, "Raised: with somebody outside who convenes", "Accept it", "nor of the provider arm of the lead provider")
    do(session, item, "accept", theirs.outside, NOW, convenor_id=theirs.outside.user_id)
    for who in (theirs.outside, *theirs.speakers):
        has(read(who, item), f"{theirs.outside.name} convenes", "Fellside Hub")


@given(st.text("ab c\n.", max_size=80), st.text("ab c\n.", max_size=80))
def test_a_comparison_loses_no_word(before: str, after: str) -> None:
    pieces = compared(before, after)
    assert "".join(piece.text for piece in pieces if piece.how != "new") == before
    assert "".join(piece.text for piece in pieces if piece.how != "gone") == after
    assert all(piece.text for piece in pieces)
    assert before != after or [piece.how for piece in pieces] in ([], ["same"])
    assert not any(one.how == two.how for one, two in pairwise(pieces) if one.how != "same")
