"""A ratification that runs late is told to everybody who may ratify, and not to its owner alone."""

from datetime import timedelta

from sqlalchemy.orm import Session

from hub.engine.outbox import claim
from hub.engine.sweep import RANG, ring_due
from hub.messages.who_is_told import who_is_told
from tests.admission_factory import do, make_admission, make_crew
from tests.factories import NOW, make_actor
from workflows.roles import Role

MUCH_LATER = NOW + timedelta(days=30)


def test_a_late_ratification_is_told_to_heads_and_directors_and_a_late_form_2_is_not(session: Session) -> None:
    crew = make_crew(session)
    admission = make_admission(session, crew=crew, priority="urgent")
    do(session, admission, "record_immediate_risk", crew.coordinator)
    do(session, admission, "admit_in_emergency", crew.case_manager)
    stranger = make_actor(session, Role.QUALITY_LEAD)
    while ring_due(session, now=MUCH_LATER):
        pass
    batch = [sent for sent in claim(session, now=MUCH_LATER, limit=1_000) if sent.topic == RANG]
    told = {sent.payload["clock"]: who_is_told(session, [sent], MUCH_LATER)[sent.id] for sent in batch}
    assert {crew.head.user_id, crew.director.user_id} <= told["ratify"]
    assert not {crew.head.user_id, crew.director.user_id} & told["late_assessment"]
    assert stranger.user_id not in told["ratify"] | told["late_assessment"]
