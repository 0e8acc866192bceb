"""The complaint: an export stopped at some number of rows, and nobody was told. It is whole, or refused with why."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.models import AccessLog
from tests.factories import make_membership, make_referral
from tests.worklist_limits import put_limit
from workflows.roles import Role


def test_export_cut_short(session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    # More than a page shows, several due at the same moment, and one that the filter leaves out.
    place = "Ward 12, St Aelred's Children's Hospital, second floor"
    wanted = [
        make_referral(session, priority="urgent", now=now + timedelta(minutes=n // 7), where_now=place)
        for n in range(60)
    ]
    make_referral(session, priority="routine", now=now)
    put_limit(session, "worklist.export_most", 60, now - timedelta(days=1))
    for asked in ("priority=urgent", "priority=urgent&after=1-1"):
        lines = list(csv.reader(StringIO(client.get(f"/worklist/export.csv?{asked}").get_data().decode("utf-8-sig"))))
        references = [line[6] for line in lines[lines.index([]) + 2 :]]
        assert references == [item.reference for item in wanted]
        assert ["Holds", "60 items"] in lines
        assert all(line[8].endswith(place) for line in lines[lines.index([]) + 2 :])
    # One more, and there is no file that looks whole: the page gives both numbers and a way on.
    make_referral(session, priority="urgent", now=now)
    refused = client.get("/worklist/export.csv?priority=urgent")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and refused.mimetype == "text/html"
    assert "These filters show 61 items, and one file holds at most 60 items" in page
    assert 'href="/worklist?priority=urgent"' in page
    counts = session.scalars(select(AccessLog.detail["count"].as_integer()).where(AccessLog.what == "exported")).all()
    assert counts == [60, 60]
