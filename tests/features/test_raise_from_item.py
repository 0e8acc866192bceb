"""Raising a dispute from an item: the facts carried over equal it, it is linked, and nothing foreign is told."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.escalations.raise_from import find_source
from hub.web.filters import day, moment
from tests.admission_factory import make_admission, make_crew
from tests.approach_factory import answer, make_approach, member_of
from tests.factories import (
    NOW,
    actor_of,
    make_actor,
    make_hub,
    make_membership,
    make_organisation,
    make_provider,
    make_referral,
    make_unit,
    signed_in_cookie,
)
from tests.features.raising import NEW, disputes, sent
from tests.placement_factory import make_ward
from tests.stay_factory import stay_on
from workflows.roles import Role


def _refused(session: Session, **more: Any) -> tuple[Any, Membership]:
    """An approach that a unit refused for a clinical reason, in its own words; and the unit's manager."""
    unit, crew = make_unit(session), make_crew(session)
    made = make_approach(session, "asked", unit=unit, crew=crew, **more)
    manager = member_of(session, unit)
    no = {
        "refusal_reason": "acuity",
        "refusal_details": "Too unwell\nfor this ward",
        "refusal_consultant": "Dr Ewan Sallis",
        "refusal_criterion": "Needs a low-stimulus area",
        "would_change": "A second nurse at night",
    }
    answer(session, made, "refuse", actor_of(manager), now=NOW + timedelta(hours=3), **no)
    session.refresh(made)
    return made, manager


def _facts(session: Session, client: FlaskClient, reference: str, membership: Membership) -> list[str]:
    signed_in_cookie(session, client, membership)
    shown = client.get(f"{NEW}?from={reference}")
    assert shown.status_code == 200, (reference, membership.role)
    box = unescape(shown.text).split('name="facts"')[1].split(">", 1)[1].split("</textarea>")[0]
    return [line.strip() for line in box.strip().splitlines()]


def test_facts_carried_over_equal_the_item(session: Session, client: FlaskClient) -> None:
    approach, manager = _refused(session)
    admission = make_admission(session, "admission_refused")
    stay = stay_on(session, ward := make_ward(session, "ZPR09"))
    ward_manager = member_of(session, ward.unit)
    decided = next(line for line in admission.history if line.action == "refuse_admission")
    hub = make_membership(session, Role.COORDINATOR)
    referrer = session.scalars(select(Membership).where(Membership.role == str(Role.REFERRER)).limit(1)).one()
    refused = [
        f"Linden, Tarn House, was asked for a bed on {moment(approach.opened_at)}: General, young person (13 to 17)",
        f"The unit said no on {moment(NOW + timedelta(hours=3))}",
        "Reason given: Too acute, or not safe with the others there now",
        "In the unit’s own words: Too unwell for this ward",
        "Consultant who decided: Dr Ewan Sallis",
        "Criterion that is not met: Needs a low-stimulus area",
        "What would change the answer: A second nurse at night",
    ]
    not_admitted = [
        f"A decision about admission was asked for on {moment(admission.opened_at)}",
        f"Admission was refused on {moment(admission.decided_at)} by the head of commissioning",
        f"Reasons given: {decided.reason}",
        f"Advice given: {admission.advice}",
        f"How to disagree, as the decision says: {admission.dispute_route}",
    ]
    on_the_ward = [
        f"On Linden, Place ZPR09, since {moment(stay.began_at)}",
        f"Discharge is expected on {day(stay.estimated_discharge_on)}, as the unit has recorded it",
    ]
    cases: list[tuple[Any, Membership, list[str], str]] = [
        (approach, manager, refused, "bed_refusal"),
        (approach, hub, refused, "bed_refusal"),
        (admission, hub, not_admitted, "clinical_disagreement"),
        (admission, referrer, not_admitted, "clinical_disagreement"),
        (stay, ward_manager, on_the_ward, "discharge_delay"),
        (stay, hub, on_the_ward, "discharge_delay"),
    ]
    for item, membership, lines, kind in cases:
        assert _facts(session, client, item.reference, membership) == lines, (item.reference, membership.role)
        page = client.get(f"{NEW}?from={item.reference}").text
        assert f'<option value="{kind}" selected' in page, item.reference
        assert "How is the person kept safe meanwhile?" in page and "The sides are told who it is about" in page
        plural = "approaches" if item.kind == "approach" else f"{item.kind}s"
        beside = client.get(f"/{plural}/{item.reference}").text
        assert f"{NEW}?from={item.reference}" in beside, (item.reference, membership.role)


def test_a_dispute_from_an_item_is_linked_to_it_and_to_its_case(session: Session, client: FlaskClient) -> None:
    approach, manager = _refused(session)
    hub = make_hub(session)
    signed_in_cookie(session, client, manager)
    page, given = f"{NEW}?from={approach.reference}", sent(hub.id, dispute_kind="bed_refusal")
    assert f'<option value="{hub.id}" selected' in client.get(page).text
    unsafe = client.post(page, data=given)
    assert unsafe.status_code == 422 and "say how they are kept safe meanwhile" in unsafe.text
    assert client.post(page, data=given | {"safety_plan": "Plan 2, with the ward"}).status_code == 303
    [made] = disputes(session)
    assert (made.parent_id, made.case_id, made.started_from) == (approach.id, approach.case_id, "approach")
    assert made.safety_plan == "Plan 2, with the ward" and made.hub_is_a_side


def test_the_hub_proposes_whom_it_asked_and_a_case_manager_chooses_all(session: Session, client: FlaskClient) -> None:
    approach, _ = _refused(session)
    provider, hub = make_provider(session), make_hub(session)
    signed_in_cookie(session, client, make_membership(session, Role.COORDINATOR))
    page = client.get(f"{NEW}?from={approach.reference}").text
    assert f"Your side is <b>{hub.name}</b>" in page and 'name="side_1"' not in page
    assert f'<option value="{provider.id}" selected' in page and f'<option value="{hub.id}"' not in page
    signed_in_cookie(session, client, make_membership(session, Role.CASE_MANAGER))
    page = client.get(f"{NEW}?from={approach.reference}").text
    assert 'name="side_1"' in page and f'<option value="{provider.id}" selected' in page
    other = make_organisation(session, "ZBC01", name="Brackendale Council")
    given = sent(other.id, side_1=str(provider.id), dispute_kind="bed_refusal", safety_plan="Plan 2")
    assert client.post(f"{NEW}?from={approach.reference}", data=given).status_code == 303
    [made] = disputes(session)
    assert [side.organisation_id for side in made.sides] == [provider.id, other.id] and not made.hub_is_a_side


def test_nothing_is_raised_from_what_one_may_not_see_or_what_was_not_refused(
    session: Session, client: FlaskClient
) -> None:
    approach, manager = _refused(session)
    waiting = make_approach(session, "asked", unit=make_unit(session))
    agreed = make_admission(session, "admission_agreed")
    draft = make_referral(session, "draft")
    stranger = make_membership(
        session,
        Role.UNIT_MANAGER,
        make_organisation(session, "ZPR02", name="Another House", kind="independent_provider"),
    )
    coordinator = make_membership(session, Role.COORDINATOR)
    cases: list[tuple[str, Membership, bool]] = [
        (approach.reference, stranger, True),
        (agreed.reference, manager, True),
        (waiting.reference, coordinator, True),
        (agreed.reference, coordinator, True),
        (draft.reference, coordinator, True),
        ("APR-2026-99999", coordinator, False),
        ("TSK-2026-00001", coordinator, False),
        ("nonsense", coordinator, False),
    ]
    for reference, membership, is_there in cases:
        signed_in_cookie(session, client, membership)
        before = session.scalar(select(func.count()).where(AccessLog.what == "refused", AccessLog.item_id.is_not(None)))
        for answered in (client.get(f"{NEW}?from={reference}"), client.post(f"{NEW}?from={reference}", data=sent(1))):
            assert answered.status_code == 404, (reference, membership.role)
        after = session.scalar(select(func.count()).where(AccessLog.what == "refused", AccessLog.item_id.is_not(None)))
        assert (after or 0) - (before or 0) == (2 if is_there else 0), (reference, membership.role)
    signed_in_cookie(session, client, coordinator)
    assert NEW not in client.get(f"/approaches/{waiting.reference}").text.split("</header>")[1]
    assert disputes(session) == []


def test_a_unit_that_said_no_reads_no_more_of_the_person_and_its_look_is_logged(
    session: Session, client: FlaskClient
) -> None:
    approach, manager = _refused(session, family_name="Quillfeather", given_name="Ottoline")
    signed_in_cookie(session, client, manager)
    page = client.get(f"{NEW}?from={approach.reference}").text
    assert approach.case is not None
    for hidden in ("Quillfeather", "QUILLFEATHER", "Ottoline", approach.case.reference, "Bed desk"):
        assert hidden not in page, hidden
    assert "You are not shown here who it is about" in page and "is told again once" in page
    opened = select(func.count()).where(
        AccessLog.what == "opened", AccessLog.item_id == approach.id, AccessLog.user_id == manager.user_id
    )
    assert session.scalar(opened) == 1
    # Raising it tells nothing either: the name is told with the taking up, which is somebody else's to decide.
    outside = make_actor(session, Role.OUTSIDE_MEMBER, make_organisation(session, "ZN01", kind="nhse"))
    given = sent(make_hub(session).id, dispute_kind="bed_refusal", safety_plan="Plan 2")
    there = client.post(f"{NEW}?from={approach.reference}", data=given).location
    assert "Quillfeather" not in client.get(there).text
    meanwhile = {"convenor_id": outside.user_id, "interim_arrangement": "She stays at home", "interim_payer": "hub"}
    perform(session, disputes(session)[0], "accept", outside, now=datetime.now(UTC), values=meanwhile)
    assert "Quillfeather" in client.get(there).text


def test_an_offer_taken_back_a_search_and_a_referral_say_their_own(session: Session) -> None:
    crew = make_crew(session)
    unit = make_unit(session)
    taken_back = make_approach(session, "offer_withdrawn", unit=unit, crew=crew)
    search = taken_back.placement
    referral = make_referral(session, "accepted")
    hub, unit_manager = make_actor(session, Role.COORDINATOR), actor_of(member_of(session, unit))
    perform(session, search, "change_priority", crew.case_manager, now=NOW, values={"priority": "urgent"}, reason="x")
    reason = next(row.reason for row in taken_back.history if row.action == "withdraw_offer")

    def said(reference: str, actor: Any) -> list[str]:
        found = find_source(session, reference, actor)
        assert found is not None
        return found.facts

    whole, own = said(taken_back.reference, hub), said(taken_back.reference, unit_manager)
    assert f"The unit took its offer back on {moment(taken_back.closed_at)}" in whole
    assert any(line.startswith("The unit offered: ") for line in whole)
    # A colleague's own words are the hub's to read, and the writer's.
    assert f"Why it took it back: {reason}" in whole and not [line for line in own if line.startswith("Why it took")]
    assert said(search.reference, hub)[-1] == "1 unit asked so far, 0 said no"
    assert said(referral.reference, hub) == [
        f"Referred to the hub on {moment(referral.received_at)}",
        "Priority: Routine",
    ]
    found = find_source(session, search.reference, hub)
    assert found is not None and len(found.side_ids(None)) == 2
