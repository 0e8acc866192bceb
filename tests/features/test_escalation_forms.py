"""Every action of a dispute by its page, as a browser without a script sends it; and what nobody may send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.escalations.models import Escalation
from hub.flash_points.models import FlashPoint
from tests.admission_factory import make_crew
from tests.approach_factory import make_search
from tests.escalation_factory import Table, actions_of, do, make_dispute, make_table, state_positions
from tests.factories import make_actor
from tests.features.form_reading import form_of
from workflows.actor import Actor
from workflows.escalation import ESCALATION
from workflows.escalation.states import STAGES
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)
SOON = NOW + timedelta(days=20)
DAY = {"day": str(SOON.day), "month": str(SOON.month), "year": str(SOON.year)}


class Desk:
    """One browser that several people use, one after another."""

    def __init__(self, session: Session, client: FlaskClient, sign_in: SignIn, item: Escalation) -> None:
        self.session, self.client, self.item, self._sign_in = session, client, item, sign_in

    def open(self, who: Actor, action: str, status: int = 200) -> Any:
        """The action's page as somebody gets it, and what its form holds."""
        self.session.commit()
        self._sign_in(self.client, self.session.get_one(Membership, who.membership_id))
        answer = self.client.get(self.path(action))
        assert answer.status_code == status, (action, answer.status_code, answer.text)
        return answer

    def path(self, action: str) -> str:
        """Where the action is done."""
        return f"/escalations/{self.item.reference}/{action}"

    def send(self, who: Actor, action: str, status: int = 303, /, **typed: str) -> str:
        """Open the page, type, press the button; gives the page that was answered."""
        form = form_of(self.open(who, action).text)
        strange = {name: value for name, value in typed.items() if value not in form.offered.get(name, [value])}
        assert not strange or status != 303, (strange, form.offered)
        answer = self.client.post(self.path(action), data={**form.sent, **typed})
        assert answer.status_code == status, (action, answer.status_code, _errors(answer.text))
        self.session.expire_all()
        return str(unescape(answer.text))


def _errors(page: str) -> str:
    return page[page.find("nhsuk-error-summary") :][:2000]


@pytest.fixture
def desk(session: Session, client: FlaskClient, sign_in: SignIn) -> Callable[[Escalation], Desk]:
    return lambda item: Desk(session, client, sign_in, item)


def row(place: int, what: str, owner: Any, **more: str) -> dict[str, str]:
    """One row of actions as it is typed."""
    start = f"actions-{place}-"
    parts = {"what": what, "owner_organisation_id": str(owner), "owner_name": "Grace Lindley"}
    return {**{start + name: value for name, value in (parts | more).items()}, **_day(f"{start}due_on")}


def _day(name: str) -> dict[str, str]:
    return {f"{name}-{box}": value for box, value in DAY.items()}


def test_a_dispute_is_settled_and_carried_out_by_its_forms_alone(
    session: Session, desk: Callable[[Escalation], Desk]
) -> None:
    table = make_table(session)
    one, two = table.speakers
    item = make_dispute(session, "raised", table=table, now=NOW, about=make_search(session, make_crew(session)))
    here = desk(item)
    begun = form_of(here.open(table.convenor, "accept").text)
    assert begun.sent["convenor_id"] == str(table.convenor.user_id) == begun.offered["convenor_id"][1]  # oneself first
    assert begun.sent["interim_payer"] == "hub"
    assert begun.offered["interim_payer"] == ["hub"]  # no funder has agreed
    here.send(table.convenor, "accept", 422)
    here.send(table.convenor, "accept", interim_arrangement="Stays where she is")
    assert item.convenor_id == table.convenor.user_id

    here.send(one, "state_position", words="There is a bed", wanted="That it is used", new_facts="The bed is free")
    again = form_of(here.open(one, "state_position").text)
    assert (again.sent["words"], again.sent["wanted"]) == ("There is a bed", "That it is used")
    beside = here.open(two, "state_position").text
    assert "There is a bed" in beside
    assert "add_document" in beside
    here.send(two, "state_position", words="It is not fit", wanted="Another one")

    facts = form_of(here.open(two, "agree_facts").text)
    assert facts.sent["fact_3"] == "neither"
    here.send(two, "agree_facts", fact_1="agree", fact_2="dispute", fact_3="agree")
    assert [fact.is_locked for fact in item.facts] == [True, False, True]
    left = here.open(one, "agree_facts")
    assert set(form_of(left.text).sent) >= {"fact_2"}
    assert "fact_1" not in form_of(left.text).sent
    assert "Brackendale Council disputes it" in left.text

    here.send(one, "propose", settlement="As follows", **row(0, "Mend the room", one.organisation_id))
    tabled = form_of(here.open(two, "propose").text)
    assert tabled.sent["settlement"] == "As follows"
    assert tabled.sent["actions-0-what"] == "Mend the room"
    here.send(one, "accept_proposal")
    shown = here.open(two, "propose").text
    assert "Acceptances of version 1 are cleared" in shown
    here.send(two, "propose", **row(1, "Look at it together", two.organisation_id))
    assert [len(each.actions) for each in item.proposals] == [1, 2]
    whole = here.open(two, "accept_proposal").text
    assert all(said in whole for said in ("As follows", "Mend the room", "Look at it together", "Version 2"))
    here.send(two, "accept_proposal")
    here.send(one, "accept_proposal")
    assert item.state == "agreed"

    assert "Look at it together" in here.open(table.convenor, "start_implementing").text
    here.send(table.convenor, "start_implementing")
    claimed = form_of(here.open(one, "claim_done").text)
    assert (claimed.sent["action_number"], claimed.offered["action_number"]) == ("1", ["1"])  # its own alone
    here.send(one, "claim_done", evidence="Photographs")
    assert "Photographs" in here.open(two, "dispute_done").text
    here.send(two, "dispute_done", reason="The lock is broken")
    here.send(one, "claim_done", evidence="A new lock")
    here.send(two, "confirm_done")
    here.send(table.convenor, "change_actions", 422, action_number="0", what="Write it up", reason="More")
    another = {"owner_organisation_id": str(one.organisation_id), "owner_name": "Her", **_day("due_on")}
    here.send(table.convenor, "change_actions", action_number="0", what="Write it up", reason="More", **another)
    for number in ("2", "3"):
        here.send(table.convenor, "change_actions", action_number=number, is_dropped="y", reason="Too late")
    assert [each.state for each in item.agreed_actions] == ["confirmed", "dropped", "dropped"]
    known = FlashPoint(
        goes_wrong="No bed at night",
        early_sign="Two refusals",
        first_response="Ring",
        whom_to_ring="The hub",
        from_on=NOW.date(),
        written_by_id=one.user_id,
        organisation_id=one.organisation_id,
        written_at=NOW,
    )
    session.add(known)
    session.flush()
    ending = form_of(here.open(table.convenor, "close").text)
    assert ending.offered["learned_flash_point_id"] == ["", str(known.id)]
    assert "refusal_overturned" not in ending.offered  # it was about no refusal
    here.send(table.convenor, "close", would_have_prevented="Ringing earlier", learned_flash_point_id=str(known.id))
    assert (item.state, item.learned_flash_point_id) == ("closed", known.id)


def test_a_dispute_goes_up_and_is_determined_by_its_forms_alone(
    session: Session, desk: Callable[[Escalation], Desk]
) -> None:
    table = make_table(session)
    one, two = table.speakers
    item = make_dispute(session, table=table, now=NOW, dispute_kind="invoice")
    other = make_actor(session, Role.COORDINATOR)
    here = desk(item)
    own = form_of(here.open(one, "name_speaker").text)
    assert own.offered["side_id"] == [str(one.organisation_id)]
    assert own.sent["at_stage"] == "senior_review"
    assert own.offered["at_stage"] == ["local_resolution", "senior_review"]
    assert set(own.offered["speaker_id"]) == {"", str(one.user_id), str(table.seconds[0].user_id)}
    here.send(one, "name_speaker", speaker_id=str(table.seconds[0].user_id))
    every = form_of(here.open(table.convenor, "name_speaker").text)
    assert every.offered["side_id"] == [str(each) for each in table.side_ids]
    here.send(table.convenor, "name_speaker", side_id=str(two.organisation_id), nobody_else="y")
    here.send(one, "ask_pause", pause_code="legal_advice", reason="Counsel")
    assert next(clock for clock in item.clocks if clock.name == "stage_local").asked
    state_positions(session, item, table, NOW)
    for speaker in table.speakers:
        here.send(speaker, "ask_to_escalate")
    here.send(table.convenor, "escalate_to_senior", why_up="Who pays")
    assert "The question at this stage:</b> Who pays" in here.open(table.seconds[0], "state_position").text
    here.send(table.convenor, "return_to_local", question="Which month?")
    here.send(table.convenor, "raise_urgency", reason="It cannot wait")
    here.send(table.convenor, "change_convenor", convenor_id=str(other.user_id), reason="Away")
    assert item.convenor_id == other.user_id

    item = make_dispute(session, "executive_review", table=table, now=NOW, dispute_kind="invoice")
    here = desk(item)
    outside = [make_actor(session, Role.OUTSIDE_MEMBER), table.outside]
    seats = form_of(here.open(table.convenor, "appoint_panel").text)
    people = seats.offered["panel-0-user_id"]
    assert {str(each.user_id) for each in outside} <= set(people)
    assert not {str(each.user_id) for each in (*table.speakers, *table.seconds, table.convenor)} & set(people)
    panel = {
        f"panel-{place}-{part}": value
        for place, (who, seat) in enumerate(zip(outside, ("chair", "member"), strict=True))
        for part, value in {"user_id": str(who.user_id), "seat": seat, "declaration": "none"}.items()
    }
    here.send(table.convenor, "appoint_panel", **panel)
    assert form_of(here.open(table.convenor, "appoint_panel").text).sent["panel-1-seat"] == "member"
    state_positions(session, item, table, NOW)
    offers = form_of(here.open(outside[0], "determine").text)
    assert offers.offered["issues-0-chosen_organisation_id"] == ["", *(str(each) for each in table.side_ids)]
    issue = {"issues-0-issue": "March", "issues-0-reasons": "It was delivered", "binding": "binding"}
    refused = here.send(outside[0], "determine", 422, **issue)
    assert "on each issue choose the offer of one side" in refused
    here.send(outside[0], "determine", **issue, **{"issues-0-chosen_organisation_id": str(one.organisation_id)})
    assert "It was delivered" in here.open(table.convenor, "start_implementing").text
    here.send(table.convenor, "start_implementing", 422)
    here.send(table.convenor, "start_implementing", **row(0, "Pay it", two.organisation_id))
    assert [each.what for each in item.agreed_actions] == ["Pay it"]
    here.send(one, "reopen_dispute", reason="It was not March")
    here.send(table.convenor, "refer_on", referred_to="mediation")
    assert item.agreed_statement == "There is no fact that every side agrees."


def test_where_the_hub_is_a_side_somebody_outside_convenes(
    session: Session, desk: Callable[[Escalation], Desk]
) -> None:
    table = make_table(session, hub_is_a_side=True)
    make_actor(session, Role.COORDINATOR)
    item = make_dispute(session, "raised", table=table, now=NOW)
    here = desk(item)
    begun = form_of(here.open(table.outside, "accept").text)
    assert begun.offered["convenor_id"] == ["", str(table.outside.user_id)]
    assert "interim_payer" not in begun.offered  # it is about nobody
    here.send(table.outside, "accept")
    assert item.state == "local_resolution"


WRONG = ("999999", "abc", "²", "-1", "\x00", "9" * 30)
DOINGS = (
    ("raised", "convenor", "accept", ""),
    ("local_resolution", "convenor", "change_convenor", ""),
    ("local_resolution", "one", "name_speaker", ""),
    ("local_resolution", "one", "agree_facts", ""),
    ("local_resolution", "one", "propose", "actions-0-what"),
    ("local_resolution", "convenor", "refer_on", ""),
    ("local_resolution", "one", "ask_pause", ""),
    ("determination", "convenor", "appoint_panel", "panel-0-declaration"),
    ("implementing", "one", "claim_done", ""),
    ("implementing", "convenor", "change_actions", ""),
    ("closing", "convenor", "close", ""),
    ("claimed", "two", "confirm_done", ""),
    ("claimed", "two", "dispute_done", ""),
    ("determined", "convenor", "start_implementing", "actions-0-what"),
    ("sitting", "chair", "determine", "issues-0-issue"),
)


@pytest.mark.parametrize("state", dict.fromkeys(each[0] for each in DOINGS))
def test_what_is_not_on_a_list_is_refused_beside_its_box(
    session: Session, desk: Callable[[Escalation], Desk], state: str
) -> None:
    table = make_table(session)
    one, two = table.speakers
    about = make_search(session, make_crew(session)) if state == "raised" else None
    walked = {"closing": "implementing", "claimed": "implementing", "sitting": "determination"}.get(state, state)
    item = make_dispute(session, walked, table=table, now=NOW, about=about, dispute_kind="bed_refusal")
    chair = _at(session, item, table, state)
    who = {"one": one, "two": two, "convenor": table.convenor, "chair": chair}
    here = desk(item)
    for _, name, action, begins_a_row in (each for each in DOINGS if each[0] == state):
        form = form_of(here.open(who[name], action).text)
        lists = [box for box in form.offered if "y" not in form.offered[box] and box.partition("-")[2][:1] not in {"1"}]
        assert lists, action
        shapes = WRONG[1:] if action in {"accept", "propose", "change_actions"} else ()
        for box, wrong in [(box, WRONG[0]) for box in lists] + [(lists[0], each) for each in shapes]:
            sent = {**form.sent, **({begins_a_row: "Something"} if begins_a_row else {}), box: wrong}
            answer = here.client.post(here.path(action), data=sent)
            assert answer.status_code == 422, (action, box, wrong, answer.status_code)
            assert f'href="#{box}' in answer.text, (action, box, wrong, _errors(answer.text))
        junk = {name: "junk" for name in form.sent if name not in {"csrf_token", "seen", "page"}}
        assert here.client.post(here.path(action), data={**form.sent, **junk}).status_code == 422
        assert here.client.post(here.path(action), data={"seen": form.sent["seen"]}).status_code == 422
    session.expire_all()
    assert item.state == walked


def _at(session: Session, item: Escalation, table: Table, state: str) -> Actor:
    """The rest of the way to a state of this test; gives the panel's chair where there is one."""
    owner, other = table.speakers[0], table.speakers[1]
    if state == "determination":
        make_actor(session, Role.OUTSIDE_MEMBER)
    if state == "sitting":
        chair, member = (make_actor(session, Role.OUTSIDE_MEMBER) for _ in range(2))
        seats = ((chair, "chair"), (member, "member"))
        rows = [{"user_id": each.user_id, "seat": seat, "declaration": "none"} for each, seat in seats]
        do(session, item, "appoint_panel", table.convenor, NOW, panel=rows)
        state_positions(session, item, table, NOW)
        return chair
    if state in {"claimed", "closing"}:
        do(session, item, "claim_done", owner, NOW, action_number=1, evidence="Done")
    if state == "closing":
        do(session, item, "confirm_done", other, NOW, action_number=1)
    return owner


def test_the_version_that_is_accepted_is_the_one_that_stood_on_the_page(
    session: Session, desk: Callable[[Escalation], Desk]
) -> None:
    table = make_table(session)
    one, two = table.speakers
    item = make_dispute(session, table=table, now=NOW)
    do(session, item, "propose", one, NOW, settlement="The first", actions=actions_of(table, NOW))
    here = desk(item)
    opened = form_of(here.open(two, "accept_proposal").text)
    do(session, item, "propose", one, NOW, settlement="The second", actions=actions_of(table, NOW))
    session.commit()
    answer = here.client.post(here.path("accept_proposal"), data=opened.sent)
    assert answer.status_code == 409
    assert "The second" in answer.text
    for wrong in ("1", "x", ""):  # whoever sends it without the page
        direct = here.client.post(here.path("accept_proposal"), data={"seen": str(item.version), "version": wrong})
        assert direct.status_code == 422, wrong
    session.expire_all()
    assert not item.acceptances
    assert here.client.post(here.path("accept_proposal"), data=form_of(answer.text).sent).status_code == 303
    session.expire_all()
    assert [each.proposal_id for each in item.acceptances] == [item.proposals[-1].id]


def test_a_side_names_and_sends_nothing_for_another(session: Session, desk: Callable[[Escalation], Desk]) -> None:
    table = make_table(session)
    one, two = table.speakers
    item = make_dispute(session, table=table, now=NOW)
    here = desk(item)
    form = form_of(here.open(one, "name_speaker").text)
    for wrong in (
        {"side_id": str(two.organisation_id), "speaker_id": str(two.user_id)},
        {"speaker_id": str(two.user_id)},
        {"speaker_id": str(one.user_id), "at_stage": "determination"},
        {"speaker_id": str(one.user_id), "nobody_else": "y"},
    ):
        answer = here.client.post(here.path("name_speaker"), data={**form.sent, **wrong})
        assert answer.status_code == 422, wrong
    assert not item.speakers
    here.open(make_actor(session, Role.UNIT_MANAGER), "propose", 404)


def test_a_page_of_any_action_that_was_open_when_the_dispute_moved_on_says_so_and_keeps_the_words(
    session: Session, desk: Callable[[Escalation], Desk]
) -> None:
    table = make_table(session)
    there = desk(make_dispute(session, "agreed", table=table, now=NOW))
    there.open(table.convenor, "state_position", 403)
    of_stages = {action.name: action for action in ESCALATION.actions if set(action.sources) <= set(STAGES)}
    assert {"name_speaker", "return_to_local", "escalate_to_senior"} <= set(of_stages)
    for name in of_stages.keys() - {"settle"}:
        typed = {"seen": "1", "question": "Whose turn is it?", "speaker_name": "Mina Sorrel"}
        answer = there.client.post(there.path(name), data=typed)
        assert answer.status_code in {403, 409, 422}, (name, answer.status_code)
        if name.startswith("return_to"):
            assert "Whose turn is it?" in answer.text, name
