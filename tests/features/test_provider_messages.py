"""What a unit and the hub read in their inboxes of the same happening: each from its own side, and no person's name."""

from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.perform import perform
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from hub.messages.side_words import FOR_A_UNIT, FOR_THE_HUB
from hub.organisations.models import Unit
from hub.placements.models import Placement
from tests.admission_factory import make_crew
from tests.approach_factory import accept, answer, ask, make_search, member_of
from tests.factories import NOW, REASON, actor_of, make_membership, make_organisation, make_unit, signed_in_cookie
from tests.placement_factory import Ward
from tests.stay_factory import stay_on
from workflows import ALL
from workflows.roles import Role


def _unit(session: Session, code: str) -> tuple[Unit, Membership]:
    unit = make_unit(session, make_organisation(session, code, name=f"Provider {code}"))
    return unit, member_of(session, unit)


def _words(session: Session, member: Membership) -> list[str]:
    return list(session.scalars(select(Message.words).where(Message.user_id == member.user_id).order_by(Message.id)))


def test_each_side_reads_what_it_is_to_them_and_nobody_is_named(
    session: Session, client: FlaskClient, tmp_path: Path
) -> None:
    crew = make_crew(session)
    (chosen, grace), (other, owain), (elsewhere, pia) = (_unit(session, code) for code in ("ZPR01", "ZPR02", "ZPR03"))
    desk = make_membership(session, Role.COORDINATOR)
    search = make_search(session, crew)
    offers = [ask(session, search, unit, crew.coordinator) for unit in (chosen, other)]
    for offer, manager in zip(offers, (grace, owain), strict=True):
        answer(session, offer, "offer", actor_of(manager))
    accept(session, offers[0], crew.case_manager)
    placement = session.get_one(Placement, search.id)
    perform(session, placement, "reopen_search", crew.coordinator, now=NOW, reason=REASON)
    people = (member_of(session, elsewhere, role) for role in (Role.UNIT_MANAGER, Role.UNIT_CLINICIAN))
    stay_on(session, Ward(elsewhere, *map(actor_of, people)), crew=crew)
    deliver_due(session, now=NOW + timedelta(days=1), folder=tmp_path, limit=1_000)
    assert _words(session, grace) == [
        "Can you offer a bed?",
        "Your offer of a bed is accepted",
        "The bed that was accepted from you is given back",
    ]
    assert _words(session, owain) == ["Can you offer a bed?", "No bed is needed from you any more"]
    assert "Somebody was admitted to your unit" in _words(session, pia)
    of_the_hub = _words(session, desk)
    for said in (
        "A unit is asked for a bed",
        "A unit offers a bed",
        "An offer of a bed is accepted",
        "A stay has begun",
    ):
        assert said in of_the_hub
    assert "Unit approached" not in of_the_hub, "nobody is told twice that a unit was asked"
    assert not set(of_the_hub) & {words for topic, words in FOR_A_UNIT.items() if not topic.startswith("placement")}
    every = " ".join(session.scalars(select(Message.words)))
    assert "Hartwin" not in every and "Isobel" not in every
    signed_in_cookie(session, client, grace)
    page = client.get("/home/").text
    assert ">Can you offer a bed?</b></a>" in page[page.index('id="messages"') :]


def test_every_topic_that_has_words_of_its_own_exists() -> None:
    topics = {topic for workflow in ALL.values() for topic in workflow.topics}
    assert {*FOR_A_UNIT, *FOR_THE_HUB} <= topics
