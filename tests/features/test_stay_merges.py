"""Two records made one and taken apart while the person is on a unit: a stay's dates go wherever its item goes."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.engine.audit import verify
from hub.stays.models import Stay
from tests.admission_factory import make_admission
from tests.factories import NOW, make_actor, make_referral
from tests.features.test_merges import make_one, person_of, take_apart
from tests.placement_factory import make_ward
from tests.stay_factory import DAY, HOUR, do, stay_on
from workflows.roles import Role


def whose(session: Session, stay: Stay) -> tuple[int, int | None, int]:
    """Patient and case of the row, and the patient of the item's case: the first and the last are one person."""
    row = session.get_one(CaseStay, stay.case_stay_id, populate_existing=True)
    return row.patient_id, row.case_id, person_of(session, stay)


@pytest.mark.parametrize("line", ["cyp", "aed"], ids=["two open cases become one", "a case goes over whole"])
def test_a_stay_goes_with_its_item_also_one_that_began_since(session: Session, line: str) -> None:
    asking, agreeing = make_actor(session, Role.COORDINATOR), make_actor(session)
    ward, other = make_ward(session), make_ward(session)
    standing = make_referral(session, service_line=line)
    admission = make_admission(session, "admission_agreed", now=NOW - 3 * DAY)
    stay = stay_on(session, ward, admission=admission)
    one, two, case_id = person_of(session, standing), person_of(session, admission), admission.case_id
    assert whose(session, stay) == (two, case_id, two)
    merge = make_one(session, one, two, asking, agreeing)
    session.expire_all()
    home = standing.case_id if line == "cyp" else case_id
    assert whose(session, stay) == (one, home, one)
    # Meanwhile the person moves on: the stay that begins then belongs to the same record.
    do(session, stay, "transfer", asking, NOW + HOUR, unit=other.unit)
    following = session.scalars(select(Stay).where(Stay.parent_id == stay.id)).one()
    assert whose(session, following) == (one, home, one)
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    for each in (stay, following):
        assert whose(session, each) == (two, case_id, two)
    assert session.get_one(CareCase, case_id).patient_id == two and not verify(session).findings
    assert merge.undone is not None
    told = [said for said in merge.undone["stayed"] if said.startswith("The stay at")]
    assert len(told) == 1 and told[0].endswith("goes back with the item that keeps it")
    do(session, following, "end_stay", other.manager, NOW + 2 * DAY)
    assert whose(session, following) == (two, case_id, two)
