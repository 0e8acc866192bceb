"""The complaint: after a change of role a saved view broke, or quietly showed something else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from tests.admission_factory import make_admission
from tests.factories import actor_of, make_membership, make_organisation, make_person, make_referral
from workflows.roles import Role


def test_saved_view_stale_after_a_role_change(
    session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    person = make_person(session, "Mina Sorrel")
    place = make_organisation(session, "ZRG01", name="Overmoor Community Team", kind="referrer")
    coordinator, finance = (
        make_membership(session, role, user=person) for role in (Role.COORDINATOR, Role.FINANCE_LEAD)
    )
    referrer = make_membership(session, Role.REFERRER, place, person)
    theirs = make_referral(session, referrer=actor_of(referrer), now=now)
    admission = make_admission(session, now=now)
    sign_in(client, coordinator)
    query = f"kind=referral&kind=admission&owner=nobody&organisation={place.id}&needs=decision"
    saved = client.post("/worklist/views/new", data={"query": query, "name": "To decide", "whose": "own"})
    where = saved.headers["Location"]
    kept = {"query": "kind=referral&kind=admission&owner=nobody", "name": "Unowned", "whose": "team"}
    team = client.post("/worklist/views/new", data=kept).headers["Location"]
    both = {theirs.reference, admission.reference}

    def shown(membership: Membership, address: str) -> tuple[set[str], str]:
        sign_in(client, membership)
        answer = client.get(address)
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        return {each for each in both if each in page}, re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))

    rows, page = shown(coordinator, team)
    assert rows == both and "is gone" not in page
    # A role that sees one of the two kinds sees that one, and reads why the other is missing.
    rows, page = shown(finance, team)
    assert rows == {admission.reference}
    assert "Part of the saved view “Unowned” is gone" in page
    assert "Referrals are not shown: a finance lead does not see them. It was saved by a coordinator." in page
    assert "The list shows what your role may see now" in page
    # Outside the hub a filter of the hub's own is off, and named; what is shown is what a referrer may see.
    rows, page = shown(referrer, where)
    assert rows == {theirs.reference}
    assert "Owner: people outside the hub have no such filter, so it is off." in page
    assert "Organisation “Overmoor Community Team”: people outside the hub have no such filter" in page
    assert "What an item waits for is said otherwise to your role" in page
    assert "You see those items alone to which your organisation is a party." in page
    # The team's view stayed with the team.
    rows, page = shown(referrer, team)
    assert "it was removed, or belongs to another team" in page and "Unowned" not in page
    # Back in the old role it is as it was.
    assert shown(coordinator, team)[0] == both
