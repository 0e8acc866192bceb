"""Whether anybody can take a dispute further: each part that nobody can take is named, in few statements."""

from datetime import date

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.available import available_actions
from hub.escalations.eligible import nobody_eligible, to_be_replaced
from hub.escalations.standing import kept_out
from tests.escalation_factory import do, make_dispute, make_table
from tests.exclusion_factory import has_interest, left, outsider
from tests.factories import NOW, make_actor
from tests.statements import counted
from workflows.roles import Role


def test_each_part_that_nobody_can_take_is_named(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    for who in (table.speakers[0], table.seconds[0]):
        left(session, who, date(2026, 3, 1))
    words = "Larkwood Care has nobody who may speak for it: a unit manager or provider quality lead"
    assert nobody_eligible(session, item) == [words]
    back = make_actor(session, Role.PROVIDER_QUALITY_LEAD, item.sides[0].organisation)
    assert nobody_eligible(session, item) == []
    do(
        session,
        item,
        "name_speaker",
        back,
        NOW,
        side_id=table.side_ids[0],
        at_stage="local_resolution",
        speaker_id=back.user_id,
    )
    left(session, back, date(2026, 3, 1))
    for who in (table.speakers[0], table.seconds[0]):
        left(session, who, date(2030, 1, 1))
    assert nobody_eligible(session, item) == []
    (said,) = to_be_replaced(session, item)
    assert said.startswith(f"{back.name}, who was named for Larkwood Care at local resolution, does not speak for it")
    for who in (table.speakers[1], table.seconds[1]):
        left(session, who, date(2026, 3, 1))
    assert nobody_eligible(session, item) == [
        "Brackendale Council has nobody who may speak for it: a funder or referrer"
    ]

    table = make_table(session)
    raised = make_dispute(session, "raised", table=table)
    assert nobody_eligible(session, raised) == [] == to_be_replaced(session, raised)
    every = session.scalars(select(Membership).where(Membership.role.in_([Role.CASE_MANAGER, Role.COORDINATOR])))
    conveners = list(every)
    for one in conveners:
        one.until_on = date(2026, 3, 1)
    session.flush()
    assert nobody_eligible(session, raised) == ["Nobody holds the role of coordinator or case manager"]
    for one in conveners:
        one.until_on = None
    session.flush()

    last = make_dispute(session, "determination", table=make_table(session))
    pool = session.scalars(select(Membership).where(Membership.role == Role.OUTSIDE_MEMBER)).all()
    for one in pool:
        one.until_on = date(2026, 3, 1)
    session.flush()
    least = nobody_eligible(session, last)
    assert len(least) == 1 and least[0].startswith("Nobody can sit on a panel, which takes 2: ")
    alone = outsider(session, "Only One")
    (said,) = nobody_eligible(session, last)
    assert said.startswith("A panel takes 2 people and only Only One can sit on it: more are needed, an outside member")
    outsider(session, "Another")
    assert nobody_eligible(session, last) == [] and alone.user_id

    table = make_table(session)
    going = make_dispute(session, "implementing", table=table)
    owner, other = table.speakers[0], table.speakers[1]
    assert nobody_eligible(session, going) == []
    everybody = session.scalars(select(Membership).where(Membership.organisation_id.in_(table.side_ids))).all()
    for one in everybody:
        one.until_on = date(2026, 3, 1)
    session.flush()
    (said,) = nobody_eligible(session, going)
    assert said == "Larkwood Care has nobody who could say that its action is done"
    do(session, going, "claim_done", owner, NOW, action_number=1, evidence="A letter")
    assert nobody_eligible(session, going) == ["Nobody may confirm action 1 for Brackendale Council"]
    do(session, going, "confirm_done", other, NOW, action_number=1)
    do(session, going, "close", table.convenor, NOW, would_have_prevented="Ringing")
    assert nobody_eligible(session, going) == [] == to_be_replaced(session, going)


def test_the_registers_are_asked_in_a_fixed_number_of_statements(session: Session, engine: Engine) -> None:
    table = make_table(session)
    item = make_dispute(session, "determination", table=table)
    costs = []
    for more in (2, 25):
        people = [make_actor(session, Role.CASE_MANAGER) for _ in range(more)]
        for who in people:
            has_interest(session, who, table.side_ids[0])
        wanted = [who.user_id or 0 for who in people]
        available_actions(item, table.convenor)
        with counted(engine) as sent:
            assert all(kept_out(session, item, wanted).values())
        with counted(engine) as asked:
            nobody_eligible(session, item)
        with counted(engine) as offered:
            available_actions(item, table.convenor)
        costs.append((len(sent), len(asked), len(offered)))
    assert costs[0] == costs[1] and costs[0][0] == 3
    assert costs[0][2] <= 12, costs  # many actions ask the same
