"""The guards of a referral: what each says when it holds, and the words when it does not."""

from types import SimpleNamespace
from typing import Any

import pytest

from workflows import referral_guards as referral
from workflows.actor import SYSTEM
from workflows.referral import ANSWERS, REFERRAL
from workflows.who import is_an_emergency


def item(**facts: Any) -> Any:
    return SimpleNamespace(
        **{"priority": "routine", "service_line": "cyp", "is_draft": False, "others_open": [], **facts}
    )


ME = SYSTEM


def test_emergencies() -> None:
    emergency, routine = item(priority="emergency"), item()
    assert is_an_emergency(emergency, ME) is None
    assert is_an_emergency(routine, ME) == "On-call takes emergencies; this one is not an emergency"
    assert referral.is_not_an_emergency(routine, ME) is None
    assert str(referral.is_not_an_emergency(emergency, ME)).startswith("An emergency is never sent back")


@pytest.mark.parametrize(
    ("line", "priority", "is_taken"),
    [
        ("cyp", "emergency", True),
        ("secure", "emergency", False),
        ("secure", "urgent", True),
        ("secure", None, True),
        (None, "emergency", True),
    ],
)
def test_which_priorities_a_service_takes(line: str | None, priority: str | None, is_taken: bool) -> None:
    said = referral.takes_its_priority(item(service_line=line, priority=priority), ME)
    assert (said is None) is is_taken
    assert is_taken or said == "This service takes no emergency referrals: choose urgent or routine"


def test_sets_of_answers() -> None:
    assert "Immediate risk is missing: write a few words" in referral.has_the_mandatory_set(
        item(priority="emergency"), ME
    )
    assert "Home postcode is missing: write it in" in referral.has_the_mandatory_set(item(), ME)
    assert referral.has_the_full_set(item(priority="emergency"), ME) == ()
    assert referral.has_the_full_set(item(), ME) == referral.has_the_mandatory_set(item(), ME)
    assert referral.has_a_care_review(item(autism="5"), ME) is None
    assert referral.has_a_care_review(item(autism="1"), ME)
    assert referral.has_a_care_review(item(autism="1", no_cetr_reason="x"), ME) is None


def test_superseding_names_another_open_referral() -> None:
    alone, two = item(), item(others_open=[SimpleNamespace(reference="REF-2026-00002")])
    assert referral.has_another_open_referral(two, ME) is None
    assert referral.has_another_open_referral(alone, ME) == "This person has no other open referral"
    names = referral.names_another_open_referral
    assert names(two, {"superseded_by": "REF-2026-00002"}) is None
    assert names(two, {}) == "Choose one of this person's other open referrals: REF-2026-00002"
    assert names(alone, {}) == "Choose one of this person's other open referrals: there are none"


@pytest.mark.parametrize(
    ("asked", "is_sound"),
    [
        (None, True),
        ([], True),
        (["postcode", "autism"], True),
        (["postcode", "postcode"], False),
        (["shoe_size"], False),
        ([7], False),
    ],
)
def test_the_hub_asks_for_questions_of_the_form(asked: Any, is_sound: bool) -> None:
    said = referral.names_questions(item(), {"fields_asked_for": asked})
    assert said == (None if is_sound else "Choose questions from the list")


@pytest.mark.parametrize(("value", "holds"), [(True, True), (False, False), (None, False), ("on", False)])
def test_the_declaration(value: Any, holds: bool) -> None:
    assert (referral.is_ticked(item(), {"declaration": value}) is None) is holds


def test_which_clock_holds() -> None:
    assert referral.is_routine(item()) and not referral.is_not_routine(item())
    assert referral.is_not_routine(item(priority="urgent")) and not referral.is_routine(item(priority="emergency"))
    assert referral.is_adult_eating_disorder(item(service_line="aed"))
    assert not referral.is_adult_eating_disorder(item())
    names = {clock.name: clock.rule for clock in REFERRAL.clocks}
    assert names == {
        "review": "referral.review",
        "acknowledge": "referral.acknowledge",
        "resubmit": "referral.resubmit",
    }


def test_priority_and_service_stay_once_sent() -> None:
    checks = {ask.name: ask.check for ask in ANSWERS if ask.check}
    assert set(checks) == {"priority", "service_line", "referring_organisation", "nhs_number", "date_of_birth"}
    check = checks["priority"]
    assert check is not None
    assert check(item(is_draft=True), {"priority": "urgent"}) is None
    assert check(item(), {"priority": "routine"}) is None
    assert check(item(), {"priority": "urgent"}) == "Priority: this stays as it was sent; ask the hub to change it"


def test_it_stays_about_the_same_person_once_it_has_a_case() -> None:
    check = referral.stays_the_same_person("nhs_number")
    swapped = {"nhs_number": "9990000026", "family_name": "Marlowe"}
    assert check(item(case_id=None, nhs_number="9990000018"), swapped) is None
    assert check(item(case_id=7, nhs_number=None), swapped) is None
    assert check(item(case_id=7, nhs_number="9990000026"), swapped) is None
    assert check(item(case_id=7, nhs_number="9990000018"), {"nhs_number": "9990000026"}) is None
    assert "this says who the person is" in str(check(item(case_id=7, nhs_number="9990000018"), swapped))


def test_the_form_asks_for_every_field_once_and_for_none_of_them_at_all_costs() -> None:
    assert len({ask.name for ask in ANSWERS}) == len(ANSWERS)
    assert all(ask.optional for ask in ANSWERS)


def test_the_referring_organisation_stays_as_begun() -> None:
    stays = referral.stays_as_begun
    assert stays(item(referring_organisation=None), {"referring_organisation": "ZRF01"}) is None
    assert stays(item(referring_organisation="ZRF01"), {"referring_organisation": "ZRF01"}) is None
    assert str(stays(item(referring_organisation="ZRF01"), {})).endswith("Withdraw this one and begin another")


def test_a_coordinator_withdraws_only_what_was_not_sent() -> None:
    assert referral.is_a_draft(item(is_draft=True), ME) is None
    assert "only a draft" in str(referral.is_a_draft(item(), ME))
