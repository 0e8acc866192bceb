"""What an escalation's guards say, case by case, where a whole dispute is more than the question needs."""

from types import SimpleNamespace
from typing import Any

import pytest

from workflows.actor import Actor
from workflows.escalation import answers, guards, who
from workflows.escalation.states import STAGES, next_stage, stage_before
from workflows.policy import DEFAULT, PolicySet
from workflows.roles import Role

ME = Actor(1, "Grace Lindley", Role.FUNDER, organisation_id=7)
TABLE = SimpleNamespace(version=2, is_accepted_by=lambda _side: True)
PAUSED = SimpleNamespace(name="stage_senior", stopped_at=None, pauses=[{"approved_by": "Mina Sorrel"}])

TWICE = SimpleNamespace(name="stage_senior", stopped_at=None, pauses=[*PAUSED.pauses, *PAUSED.pauses])


class Often:
    """A policy that lets each thing be done twice."""

    def number(self, _key: str) -> int:
        return 2


def item(**facts: Any) -> Any:
    usual: dict[str, Any] = {
        "hub_is_a_side": False,
        "why_kept_out": lambda _actor: "",
        "side_of": lambda _actor: SimpleNamespace(name="Larkwood Care"),
        "state": STAGES[1],
        "policy": DEFAULT,
        "on_the_table": TABLE,
        "is_about_a_person": True,
        "funding_agreed_at": None,
        "clocks": [PAUSED],
    }
    return SimpleNamespace(**{**usual, **facts})


SAID: list[tuple[Any, Any, str | list[str] | None]] = [
    (who.may_convene_from_outside, item(), "An outside member convenes only where the hub is one of the sides"),
    (who.may_convene_from_outside, item(hub_is_a_side=True), None),
    (who.takes_no_side, item(why_kept_out=lambda _actor: "You are kept out"), "You are kept out"),
    (who.was_asked_to_pay, item(interim_funder_id=8), "Only the funder who was asked can agree"),
    (who.was_asked_to_pay, item(interim_funder_id=None), "Only the funder who was asked can agree"),
    (who.was_asked_to_pay, item(interim_funder_id=7), None),
    (guards.has_facts_to_judge, item(facts=[]), "No facts yet"),
    (guards.has_not_accepted, item(), "Your side has accepted version 2 already"),
    (guards.has_not_accepted, item(on_the_table=None), None),
    (guards.has_a_proposal, item(on_the_table=None), "No settlement is proposed yet"),
    (guards.everybody_accepted, item(on_the_table=None), "No settlement is proposed yet"),
    (guards.next_level_is_named, item(state=STAGES[-1]), []),
    (guards.was_not_returned_before, item(state=STAGES[0]), None),
    (
        guards.was_not_returned_before,
        item(policy=Often(), returns_to=lambda _stage: 2),
        "It went back from senior review to local resolution 2 times already, which is all that may be",
    ),
    (
        guards.may_be_determined_here,
        item(dispute_kind="bed_refusal"),
        "This kind of dispute is determined at the last stage, not at executive review",
    ),
    (guards.has_a_panel, item(panel=[]), "No panel is appointed yet"),
    (guards.has_a_pause_left, item(), "This stage was paused already, which may be done once"),
    (guards.has_a_pause_left, item(policy=Often(), clocks=[TWICE]), "At most 2 pauses a stage"),
    (guards.has_a_pause_left, item(clocks=[]), None),
    (guards.has_agreed_actions, item(open_actions=[]), "There is no action left to do"),
    (who.is_another_side, item(claimed_actions=[]), None),
]  # fmt: skip
CHECKED: list[tuple[Any, Any, dict[str, Any], str | None]] = [
    (
        answers.has_an_interim_arrangement,
        item(),
        {"interim_arrangement": " "},
        "It is about a person: say what happens to them while it is settled",
    ),
    (answers.has_an_interim_arrangement, item(is_about_a_person=False), {}, None),
    (answers.has_an_interim_payer, item(), {}, "It is about a person: say who pays while it is settled"),
    (answers.has_an_interim_payer, item(is_about_a_person=False), {}, None),
    (
        answers.has_an_interim_payer,
        item(),
        {"interim_payer": "funder"},
        "No funder has agreed to pay meanwhile: then the hub pays, without prejudice",
    ),
    (answers.has_an_interim_payer, item(), {"interim_payer": "hub"}, None),
    (answers.is_the_version_on_the_table, item(on_the_table=None), {"version": 1}, None),
    (
        answers.owners_are_here,
        item(possible_owners={7}),
        {"actions": [{"owner_organisation_id": 8}]},
        "Each action belongs to somebody who takes part: a side, the hub, or who pays meanwhile",
    ),
    (answers.owners_are_here, item(possible_owners={7}), {"actions": [{"owner_organisation_id": 7}]}, None),
    (
        answers.is_a_flash_point,
        item(is_a_flash_point=lambda _identity: False),
        {"learned_flash_point_id": 3},
        "Choose one from the register",
    ),
    (
        answers.says_if_overturned,
        item(is_about_a_refusal=True),
        {},
        "It was about a refusal: say whether the refusal was overturned",
    ),
    (answers.says_if_overturned, item(is_about_a_refusal=True), {"refusal_overturned": False}, None),
]


@pytest.mark.parametrize(("guard", "about", "said"), SAID)
def test_what_must_be_true_is_said(guard: Any, about: Any, said: Any) -> None:
    assert guard(about, ME) == said


@pytest.mark.parametrize(("check", "about", "values", "said"), CHECKED)
def test_what_is_wrong_with_an_answer_is_said(check: Any, about: Any, values: dict[str, Any], said: str | None) -> None:
    assert check(about, values) == said


def test_the_ladder_has_two_ends() -> None:
    assert (next_stage(STAGES[-1]), stage_before(STAGES[0])) == (None, None)
    assert [next_stage(stage) for stage in STAGES[:-1]] == list(STAGES[1:])


def test_a_set_of_rules_from_before_disputes_still_moves_one() -> None:
    kept = {key: value for key, value in DEFAULT.to_json().items() if not key.startswith("escalation.")}
    old = PolicySet.from_json(kept)
    assert "escalation.close" not in old.entries
    assert old.duration("escalation.close").text == "5 working days"
    assert old.number("escalation.panel_least") == 2 and old.number("escalation.interest_lasts") == 12
