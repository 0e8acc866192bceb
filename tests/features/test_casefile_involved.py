"""Who is involved in a case and until when, in groups, and only what the reader may know."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.engine.perform import perform
from tests.factories import actor_of, make_membership, make_provider, make_referral
from tests.features.test_casefile import case_of, read
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


def involved(page: str) -> str:
    """The panel that says who is involved."""
    return page.partition('id="involved"')[2].partition("</section>")[0]


def test_owner_others_and_those_whose_access_ended(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    theirs, owner = make_membership(session, Role.REFERRER), make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session, "in_review", priority="urgent", now=NOW, referrer=actor_of(theirs))
    provider = make_provider(session)
    coordinator = make_membership(session, Role.COORDINATOR)
    told = {"organisation_id": provider.id}
    perform(session, item, "assign", actor_of(coordinator), now=NOW, values={"owner_id": owner.user_id})
    perform(session, item, "add_party", actor_of(coordinator), now=NOW, values=told, reason="May offer a bed")
    case = case_of(session, item)
    sign_in(client, coordinator)
    panel = involved(read(client, case))
    mine, _, others = panel.partition("Other people and organisations")
    assert owner.user.name in mine
    assert f"Owner, {item.reference}" in mine
    assert f"Referrer: {item.reference}" in others
    assert "Tarn House" in others
    assert "Access ended" not in panel
    perform(session, item, "remove_party", actor_of(coordinator), now=NOW, values=told, reason="Full")
    others, _, ended = involved(read(client, case)).partition('<h3 class="hub-gap">Access ended</h3>')
    assert "Tarn House" not in others
    assert "Tarn House" in ended
    assert "Access ended today" in ended
    sign_in(client, theirs)
    panel = involved(read(client, case))
    assert "Brackendale Community Team" in panel
    assert "Tarn House" not in panel
    assert owner.user.name not in panel


def test_a_role_that_may_not_act_reads_who_can(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    item = make_referral(session, "in_review", priority="urgent", now=NOW)
    sign_in(client, make_membership(session, Role.DIRECTOR))
    page = read(client, case_of(session, item))
    assert "A case manager or an on-call manager can accept" in page
    assert "You can" not in page.partition('id="open"')[2].partition("</section>")[0]
