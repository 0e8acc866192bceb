"""What `hub doctor` says of a hub where one person would have to decide what they did themself."""

from sqlalchemy.orm import Session

from hub.cli.authority_checks import check_authority
from tests.factories import NOW, make_membership, make_person
from workflows.policy import DEFAULT
from workflows.roles import Role


def _to_mend(session: Session) -> dict[str, str]:
    return {found.about: found.found for found in check_authority(session, DEFAULT, NOW) if found.mend}


def test_a_hub_with_nobody_senior_is_told_what_nobody_can_decide(session: Session) -> None:
    make_membership(session, Role.CASE_MANAGER)
    found = _to_mend(session)
    assert found["Contested admissions"] == "nobody decides: there is no head of commissioning and no director"
    assert found["Emergency admissions"].startswith("nobody ratifies")
    assert "above every limit" in found["Outside alternate"]


def test_a_hub_of_one_person_is_told_by_name(session: Session) -> None:
    alone = make_person(session, "Morag Tennant")
    make_membership(session, Role.CASE_MANAGER, user=alone)
    make_membership(session, Role.HEAD_OF_COMMISSIONING, user=alone)
    found = _to_mend(session)
    assert found["Contested admissions"] == (
        "only Morag Tennant decides, and also recommends: what Morag Tennant recommends nobody can decide"
    )
    assert "nobody can ratifie" not in found["Emergency admissions"]
    assert found["Emergency admissions"].endswith("what Morag Tennant admits nobody can ratify")


def test_a_second_senior_person_and_an_outside_member_mend_it(session: Session) -> None:
    alone = make_person(session, "Morag Tennant")
    make_membership(session, Role.CASE_MANAGER, user=alone)
    make_membership(session, Role.DIRECTOR, user=alone)
    make_membership(session, Role.HEAD_OF_COMMISSIONING)
    make_membership(session, Role.OUTSIDE_MEMBER)
    assert not _to_mend(session)
