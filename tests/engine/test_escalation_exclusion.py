"""Who convenes and decides a dispute and who never does: arms, interests, having belonged, having acted, deputies."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.cli.authority_checks import check_disputes
from hub.conflicts.services import take_back
from hub.engine.available import available_actions
from hub.engine.models import ItemParty, OutboxMessage
from hub.engine.refusal import ActionRefused
from hub.escalations.eligible import nobody_eligible, to_be_replaced
from hub.escalations.standing import kept_out
from tests.escalation_factory import (
    actions_of,
    do,
    go_up,
    make_dispute,
    make_table,
    refusal,
    state_positions,
)
from tests.exclusion_factory import decide, ended_at, has_interest, left, outsider, panel, provider_arm
from tests.factories import NOW, actor_of, make_actor, make_hub, make_membership, make_organisation
from workflows.roles import Capacity, Role


def test_who_may_accept_and_be_chosen_to_convene(session: Session) -> None:
    table = make_table(session)
    care = table.side_ids[0]
    item = make_dispute(session, "raised", table=table)
    elsewhere = make_organisation(session, "ZEL01", name="Elsewhere").id
    care_row = item.sides[0].organisation
    cases: list[tuple[str, Any]] = [
        ("", lambda who: None),
        ("interest in Larkwood Care: Shares", lambda who: has_interest(session, who, care)),
        ("until 20 March 2025", lambda who: has_interest(session, who, care, date(2025, 3, 20))),
        ("", lambda who: has_interest(session, who, care, date(2025, 3, 15))),
        ("", lambda who: has_interest(session, who, elsewhere)),
        (
            "",
            lambda who: take_back(session, who, has_interest(session, who, care).id, why="Not so", now=NOW),
        ),
        (
            "belonged to Larkwood Care, until 1 January 2026",
            lambda who: ended_at(session, who.user_id, care_row, date(2026, 1, 1)),
        ),
        ("", lambda who: ended_at(session, who.user_id, care_row, date(2025, 1, 1))),
    ]
    for place, (words, twist) in enumerate(cases):
        role = (Role.COORDINATOR, Role.CASE_MANAGER)[place % 2]
        who = make_actor(session, role)
        twist(who)
        # By themself, as a deputy of them, and chosen by somebody else: each is refused with the reason.
        other = make_actor(session, role)
        deputy = replace(other, on_behalf_of=who.user_id)
        tries = [(who, who), (deputy, other), (other, who)]
        for actor, convenor in tries:
            if words:
                all_of_it = " ".join(refusal(session, item, "accept", actor, NOW, convenor_id=convenor.user_id))
                assert words.split(":")[0] in all_of_it, (words, all_of_it)
                # What an interest is, is told to the person alone.
                assert ("Shares" in all_of_it) is (actor is who and "interest" in all_of_it)
            else:
                with session.begin_nested() as tried:
                    do(session, item, "accept", actor, NOW, convenor_id=convenor.user_id)
                    tried.rollback()
                session.expire_all()
    for nobody in (table.speakers[0], table.outside, make_actor(session, Role.HEAD_OF_COMMISSIONING)):
        said = refusal(session, item, "accept", table.convenor, NOW, convenor_id=nobody.user_id)
        assert said == ["Choose a coordinator or a case manager of the hub"]


def test_the_two_arms_are_kept_apart(session: Session) -> None:
    arm, lead = provider_arm(session), make_organisation(session, "ZLP01")
    table = make_table(session)
    theirs = make_actor(session, Role.UNIT_MANAGER, arm)
    of_arm, of_lead = (make_actor(session, Role.FUNDER, place) for place in (arm, lead))
    free = [outsider(session, f"Free {n}") for n in range(2)]
    # The provider arm is a side: the hub convenes, and nobody of the arm or of the lead provider itself decides.
    against = replace(
        table,
        speakers=[theirs, table.speakers[1]],
        seconds=[make_actor(session, Role.UNIT_MANAGER, arm), table.seconds[1]],
    )
    item = make_dispute(session, "determination", table=against)
    assert item.convenor_id == table.convenor.user_id
    for who in (of_arm, of_lead):
        (said,) = refusal(session, item, "appoint_panel", table.convenor, NOW, panel=panel(free[0], who))
        assert f"{who.name} belongs to" in said and "one of the sides" in said
    do(session, item, "appoint_panel", table.convenor, NOW, panel=panel(*free))
    state_positions(session, item, against, NOW)
    decide(session, item, against, free[0], NOW)
    # The hub is a side: nobody of the provider arm decides.
    hub_table = make_table(session, hub_is_a_side=True)
    item = make_dispute(session, "determination", table=hub_table)
    (said,) = refusal(session, item, "appoint_panel", hub_table.outside, NOW, panel=panel(free[0], of_arm))
    assert "the provider arm of the lead provider that is one of the sides" in said
    # Nor does the lead provider itself escape by being the side; the hub still convenes then.
    lead_table = replace(
        table,
        speakers=[make_actor(session, Role.FUNDER, lead), table.speakers[1]],
        seconds=[make_actor(session, Role.FUNDER, lead), table.seconds[1]],
    )
    item = make_dispute(session, table=lead_table)
    found = kept_out(session, item, [of_arm.user_id or 0, table.convenor.user_id or 0])
    assert [bool(reasons) for reasons in found.values()].count(True) == 1 and found[of_arm.user_id or 0]


def test_nobody_decides_who_acted_for_a_side_whatever_they_are_now(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    care = item.sides[0].organisation
    first, second = table.speakers[0], table.seconds[0]
    stood_in_for = make_actor(session, Role.UNIT_MANAGER, care)
    clinician, away = (make_actor(session, Role.UNIT_CLINICIAN, care) for _ in range(2))
    # One states the position, a deputy words it anew, another agrees facts, one only writes a note.
    do(session, item, "state_position", first, NOW, words="Mine", wanted="A date")
    deputy = replace(second, on_behalf_of=stood_in_for.user_id)
    do(session, item, "state_position", deputy, NOW, words="Worded anew", wanted="A date")
    assert item.positions[0].by_id == second.user_id  # the row knows the last one alone; history knows all
    do(session, item, "note", replace(clinician, on_behalf_of=away.user_id), NOW, note="Ring me", audience="all")
    everybody = (first, second, stood_in_for, clinician, away)
    chair = outsider(session)
    third = make_actor(session, Role.UNIT_MANAGER, care)
    table.seconds[0] = third
    for stage in ("senior", "executive", "independent", "determination"):
        go_up(session, item, table, stage, NOW)
    for who in everybody:
        left(session, who, date(2021, 1, 1))  # long gone from the side, and now outside
        again = outsider(session, place=make_organisation(session, "ZEN01"))
        session.get_one(Membership, again.membership_id).user_id = who.user_id or 0
        session.flush()
        (said,) = refusal(session, item, "appoint_panel", table.convenor, NOW, panel=panel(chair, who))
        assert said == f"Choose others: {who.name} acted for Larkwood Care in this dispute", who
    (said,) = refusal(session, item, "appoint_panel", table.convenor, NOW, panel=panel(chair, table.convenor))
    assert said == "Choose people from the list"
    also = make_membership(
        session, Role.CLINICAL_REVIEWER, make_hub(session), session.get_one(UserAccount, table.convenor.user_id)
    )
    (said,) = refusal(session, item, "appoint_panel", table.convenor, NOW, panel=panel(chair, actor_of(also)))
    assert said == f"Choose others: {table.convenor.name} convenes it"


def test_a_panel_that_is_found_conflicted_is_appointed_again_and_every_side_is_told(session: Session) -> None:
    table = make_table(session, 3)
    item = make_dispute(session, "determination", table=table)
    chair, member, other = (outsider(session, name) for name in ("Chair Ann", "Member Bo", "Member Cy"))
    do(session, item, "appoint_panel", table.convenor, NOW, panel=panel(chair, member))
    state_positions(session, item, table, NOW)
    assert to_be_replaced(session, item) == [] == nobody_eligible(session, item)
    for who in (member, chair):  # declared after being appointed: then nothing is determined
        tie = has_interest(session, who, table.side_ids[1])
        with pytest.raises(ActionRefused) as refused:
            decide(session, item, table, chair, NOW)
        words = f"{who.name} cannot sit on the panel: has declared an interest in Brackendale Council"
        assert [problem.message for problem in refused.value.problems] == [words]
        offers = {offer.action.name: offer for offer in available_actions(item, chair)}
        assert offers["determine"].missing == (words,)
        assert to_be_replaced(session, item) == [
            f"{who.name}, who sits on the panel, has declared an interest in Brackendale Council: "
            "whoever convenes appoints it again"
        ]
        if who is member:
            take_back(session, who, tie.id, why="Another council", now=NOW)
    (said,) = refusal(session, item, "appoint_panel", table.convenor, NOW, panel=panel(chair, other))
    assert said.startswith("Choose others: Chair Ann has declared")
    before = set(session.scalars(select(OutboxMessage.id)))
    do(session, item, "appoint_panel", table.convenor, NOW, panel=panel(other, member))
    told = session.scalars(select(OutboxMessage.topic).where(OutboxMessage.id.not_in(before))).all()
    assert "escalation.panel_appointed" in told
    live = {(p.user_id, *p.capacities) for p in item.parties if p.until_at is None and p.user_id is not None}
    assert (chair.user_id, Capacity.PANEL_CHAIR) not in live and (other.user_id, Capacity.PANEL_CHAIR) in live
    with pytest.raises(ActionRefused):
        decide(session, item, table, chair, NOW)
    # Somebody who has left decides nothing, and whoever sits does not convene.
    left(session, member, date(2026, 3, 1))
    with pytest.raises(ActionRefused, match="holds no role any more that may sit on a panel"):
        decide(session, item, table, other, NOW)
    assert "whoever convenes appoints it again" in to_be_replaced(session, item)[0]
    session.get_one(Membership, member.membership_id).until_on = None
    both = make_membership(session, Role.CASE_MANAGER, None, session.get_one(UserAccount, other.user_id))
    (said,) = refusal(session, item, "change_convenor", table.convenor, NOW, convenor_id=both.user_id)
    assert "they sit on its panel" in said
    decide(session, item, table, other, NOW)
    assert item.state == "determined"


def test_a_convenor_who_declares_an_interest_moves_nothing_and_is_replaced(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    head, other = make_actor(session, Role.HEAD_OF_COMMISSIONING), make_actor(session, Role.COORDINATOR)
    has_interest(session, table.convenor, table.side_ids[0])
    rows = actions_of(table, NOW)
    for action, values in (
        ("propose", {"settlement": "As follows", "actions": rows}),
        ("refer_on", {"referred_to": "mediation", "agreed_statement": "None"}),
        ("escalate_to_senior", {}),
    ):
        (said, *_) = refusal(session, item, action, table.convenor, NOW, **values)
        assert "You have declared an interest in Larkwood Care: Shares, by the hundred" in said
    (said,) = to_be_replaced(session, item)
    assert said.endswith(
        "has declared an interest in Larkwood Care: the head of commissioning chooses somebody else"
    ) and said.startswith(f"{table.convenor.name}, who convenes,")
    assert nobody_eligible(session, item) == []
    own = has_interest(session, head, table.side_ids[1])
    (said,) = refusal(session, item, "change_convenor", head, NOW, convenor_id=other.user_id)
    assert "You have declared an interest in Brackendale Council" in said
    (said,) = nobody_eligible(session, item)
    assert said == f"Nobody can choose who convenes: {head.name} has declared an interest in Brackendale Council"
    left(session, head, date(2026, 1, 1))
    assert nobody_eligible(session, item) == [
        "Nobody holds the role of head of commissioning, who would choose who convenes"
    ]
    left(session, head, date(2030, 1, 1))
    take_back(session, head, own.id, why="Sold", now=NOW)
    do(session, item, "change_convenor", head, NOW, convenor_id=other.user_id)
    assert to_be_replaced(session, item) == [] == nobody_eligible(session, item)
    (said, *_) = refusal(session, item, "propose", table.convenor, NOW, settlement="x", actions=rows)
    do(session, item, "propose", other, NOW, settlement="As follows", actions=rows)


def test_where_the_hub_is_a_side_somebody_outside_convenes(session: Session) -> None:
    table = make_table(session, hub_is_a_side=True)
    item = make_dispute(session, "raised", table=table)
    hub = make_hub(session)
    outside = session.scalars(
        select(ItemParty).where(
            ItemParty.item_id == item.id, ItemParty.organisation_id == table.outside.organisation_id
        )
    ).one()
    assert outside.capacities == [Capacity.INTERESTED] and outside.until_at is None
    of_hub = [
        make_actor(session, role)
        for role in (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)
    ]
    for who in of_hub:
        for action, values in (
            ("accept", {"convenor_id": who.user_id}),
            ("accept", {"convenor_id": table.outside.user_id}),
            ("reject", {"instead": "complaints"}),
            ("change_convenor", {"convenor_id": table.outside.user_id}),
            ("remove_party", {"organisation_id": table.outside.organisation_id}),
        ):
            why = refusal(session, item, action, who, NOW, **values)
            assert why and (who.role is not Role.CASE_MANAGER or "outside" in why[0]), (who.role, action, why)
    (said,) = refusal(session, item, "accept", table.outside, NOW, convenor_id=of_hub[1].user_id)
    assert said == "The hub is one of the sides: choose an outside member"
    # An outside member with an interest accepts nothing; with nobody else the page names the role.
    told = has_interest(session, table.outside, table.side_ids[0])
    assert (
        "You have declared"
        in refusal(session, item, "accept", table.outside, NOW, convenor_id=table.outside.user_id)[0]
    )
    (said,) = nobody_eligible(session, item)
    assert said.startswith("Everybody who is an outside member is kept out, so nobody can convene: ")
    left(session, table.outside, date(2026, 3, 1))
    (words,) = nobody_eligible(session, item)
    assert (
        words
        == "Nobody holds the role of outside member: the hub is one of the sides, so somebody from outside convenes"
    )
    (found,) = check_disputes(session)
    assert (found.about, found.found) == (f"Escalation {item.reference}", words) and found.mend
    # Somebody who gets the role later is let in by the hub, and convenes.
    late = outsider(session, "Late Lee", make_organisation(session, "ZEM01", name="Another region"))
    (words,) = nobody_eligible(session, item)
    assert words == "No outside member sees it, so nobody can convene: let the organisation of Late Lee see it"
    do(session, item, "add_party", of_hub[0], NOW, organisation_id=late.organisation_id)
    assert nobody_eligible(session, item) == [] and hub.id in table.side_ids
    assert [each.found for each in check_disputes(session)] == ["somebody can take each further"]
    do(session, item, "accept", late, NOW, convenor_id=late.user_id)
    assert nobody_eligible(session, item) == [] and told.taken_back_at is None
    left(session, late, date(2026, 3, 1))
    assert "Nobody holds the role of outside member" in nobody_eligible(session, item)[0]
    left(session, table.outside, date(2030, 1, 1))
    take_back(session, table.outside, told.id, why="Sold", now=NOW)
    assert nobody_eligible(session, item) == []
    assert to_be_replaced(session, item) == [
        "Late Lee, who convenes, holds no role any more that convenes such a dispute: "
        "an outside member chooses somebody else"
    ]
    do(session, item, "change_convenor", table.outside, NOW, convenor_id=table.outside.user_id)


def test_a_deputy_inherits_no_seat_and_does_not_come_up_by_standing_in(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    care = item.sides[0].organisation
    first, second = table.speakers[0], table.seconds[0]
    fresh = make_actor(session, Role.UNIT_MANAGER, care)
    go_up(session, item, table, "senior", NOW)  # `first` took part below; `second` is named above
    said = dict.fromkeys(("words", "wanted"), "Ours")
    (why,) = refusal(session, item, "state_position", replace(first, on_behalf_of=second.user_id), NOW, **said)
    assert why == f"You took part in local resolution, so you do not stand in for {second.name} at senior review"
    (why,) = refusal(session, item, "state_position", fresh, NOW, **said)
    assert why == f"{second.name} speaks for Larkwood Care at senior review"
    do(session, item, "state_position", replace(fresh, on_behalf_of=second.user_id), NOW, **said)
    # Both are taken to have spoken at senior review: neither is named for the next stage.
    for who in (fresh, second):
        (why,) = refusal(
            session,
            item,
            "name_speaker",
            first,
            NOW,
            side_id=care.id,
            at_stage="executive_review",
            speaker_id=who.user_id,
        )
        assert "took part in senior review" in why
    # A convenor's own seat does not pass to a deputy; standing in for somebody who is kept out, they move nothing.
    colleague = make_actor(session, Role.CASE_MANAGER)
    rows = {"settlement": "x", "actions": actions_of(table, NOW)}
    assert refusal(session, item, "propose", replace(colleague, on_behalf_of=table.convenor.user_id), NOW, **rows)
    has_interest(session, colleague, care.id)
    standing_in = replace(table.convenor, on_behalf_of=colleague.user_id)
    (why,) = refusal(session, item, "propose", standing_in, NOW, **rows)
    assert why.startswith("The person you stand in for has declared an interest in Larkwood Care: somebody else")
    # Nor does a panel chair's: every side was told who sits, and what they declared.
    seats = [outsider(session, f"Seat {n}") for n in range(3)]
    item = make_dispute(session, "determination", table=(other := make_table(session)))
    do(session, item, "appoint_panel", other.convenor, NOW, panel=panel(*seats[:2]))
    state_positions(session, item, other, NOW)
    with pytest.raises(ActionRefused):
        decide(session, item, other, replace(seats[2], on_behalf_of=seats[0].user_id), NOW)
    decide(session, item, other, seats[0], NOW)
