"""What nobody may see by a side door: the hub's own party rows, sealed cases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.visibility import visible
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from tests.factories import (
    ANSWERS,
    NOW,
    actor_of,
    emergency_values,
    make_actor,
    make_membership,
    make_referral,
    make_referring,
)
from workflows.core import Actor
from workflows.roles import Role

NO_CASES = (
    Role.FINANCE_LEAD,
    Role.QUALITY_LEAD,
    Role.QUALITY_GROUP_CHAIR,
    Role.FAMILY_LIAISON,
    Role.ADMINISTRATOR,
)
RISK = emergency_values()["immediate_risk"]
SignIn = Callable[[FlaskClient, Any], None]


def by_telephone(session: Session, coordinator: Actor | None = None, *, is_sent: bool = True) -> Referral:
    """A referral that the hub wrote down for somebody, so that the hub itself is a party."""
    make_referring(session)
    coordinator = coordinator or make_actor(session, Role.COORDINATOR)
    values = emergency_values(referring_organisation="ZRF01")
    made = new_referral(session, coordinator, now=NOW, values={**values, "received_at": NOW})
    if is_sent:
        perform(session, made, "submit", coordinator, now=NOW, values=ANSWERS["submit"])
    return made


def seal(session: Session, referral: Referral, *named: int) -> None:
    session.execute(update(CareCase).where(CareCase.id == referral.case_id).values(is_sealed=True))
    for user_id in named:
        session.add(CaseSeal(case_id=referral.case_id, user_id=user_id))
    session.flush()


@pytest.mark.parametrize("role", NO_CASES)
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_referral_by_telephone_is_not_open_to_every_role_of_the_hub(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role, is_sent: bool
) -> None:
    referral = by_telephone(session, is_sent=is_sent)
    member = make_membership(session, role)
    sign_in(client, member)
    assert session.scalars(visible(Referral, actor_of(member))).all() == []
    assert client.get(f"/referrals/{referral.reference}").status_code == 404
    assert client.get(f"/referrals/{referral.reference}/note").status_code == 404
    assert "Hartwin" not in client.get("/worklist").text
    with pytest.raises(ActionRefused):
        perform(
            session,
            referral,
            "note",
            actor_of(member),
            now=NOW,
            values={"note": "I was never here", "audience": "hub"},
        )


def test_information_governance_sees_no_content_of_a_referral_by_telephone(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = by_telephone(session)
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = client.get(f"/referrals/{referral.reference}")
    assert page.status_code == 200 and RISK not in page.text and "Hartwin" not in page.text
    assert client.get(f"/referrals/{referral.reference}/note").status_code == 404


def test_colleagues_and_the_writer_see_a_draft_by_telephone(session: Session) -> None:
    finance = make_membership(session, Role.FINANCE_LEAD)
    on_call = actor_of(finance, is_on_call=True)
    mine = by_telephone(session, on_call, is_sent=False)
    for actor in (on_call, actor_of(finance), make_actor(session, Role.COORDINATOR)):
        assert session.scalars(visible(Referral, actor)).all() == [mine]
    other = make_actor(session, Role.FINANCE_LEAD, is_on_call=True)
    assert session.scalars(visible(Referral, other)).all() == [mine], "the next person on call finishes it"
    perform(session, mine, "submit", on_call, now=NOW, values=ANSWERS["submit"])
    assert session.scalars(visible(Referral, actor_of(finance))).all() == []


@pytest.mark.parametrize("is_by_telephone", [True, False])
def test_a_sealed_case_is_closed_to_all_but_its_list(
    session: Session, client: FlaskClient, sign_in: SignIn, is_by_telephone: bool
) -> None:
    referral = by_telephone(session) if is_by_telephone else make_referral(session, "submitted", priority="emergency")
    named, other = make_membership(session, Role.CASE_MANAGER), make_membership(session, Role.CASE_MANAGER)
    seal(session, referral, named.user_id)
    reference = session.scalars(select(CareCase.reference)).one()
    pages = (f"/referrals/{referral.reference}", f"/referrals/{referral.reference}/note", f"/cases/{reference}")
    sign_in(client, other)
    for page in pages:
        assert client.get(page).status_code == 404
    listed = client.get("/worklist").text
    assert "Hartwin" not in listed and ">0 items" in listed
    assert client.post(pages[1], data={"note": "x", "audience": "hub", "seen": "99"}).status_code == 404
    sign_in(client, named)
    for page in pages:
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("role", [Role.CASE_MANAGER, Role.DIRECTOR, Role.FINANCE_LEAD])
def test_the_engine_itself_keeps_the_seal(session: Session, role: Role) -> None:
    referral = make_referral(session, "submitted", priority="emergency")
    named, other = make_actor(session, role), make_actor(session, role, is_on_call=True)
    assert named.user_id is not None
    seal(session, referral, named.user_id)
    with pytest.raises(ActionRefused) as refused:
        perform(session, referral, "start_review", other, now=datetime.now(UTC))
    assert refused.value.problems[0].message == "There is nothing here for you to do"
    assert referral.state == "submitted"


def test_information_governance_reads_nobodys_reason_for_a_pause(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral, clock = make_referral(session, "in_review"), {"clock": "review"}
    perform(session, referral, "ask_pause", make_actor(session), now=NOW, values=clock, reason="His mother is dying")
    governance, manager = make_membership(session, Role.INFORMATION_GOVERNANCE), make_membership(session)
    for is_approved in (False, True):
        if is_approved:
            perform(session, referral, "approve_pause", make_actor(session, Role.COORDINATOR), now=NOW, values=clock)
        for member, sees in ((manager, True), (governance, False)):
            sign_in(client, member)
            page = client.get(f"/referrals/{referral.reference}").text
            assert "How this deadline was worked out" in page and ("His mother is dying" in page) is sees
