"""The actions every item has: what each needs, and the words when it is not so."""

from types import SimpleNamespace
from typing import Any

from workflows import ALL, everyday
from workflows.actor import Actor
from workflows.core import SAME
from workflows.everyday import BY_NAME, EVERYDAY
from workflows.policy import DEFAULT
from workflows.referral import REFERRAL

ME, OTHER = Actor(1, "Me"), Actor(2, "Other")


def item(*clocks: Any, **facts: Any) -> Any:
    plain = {"is_open": True, "is_draft": False, "priority": "urgent", "policy": DEFAULT, "workflow": REFERRAL}
    return SimpleNamespace(**plain | {"clocks": clocks} | facts)


def clock(**facts: Any) -> Any:
    plain: dict[str, Any] = {
        "name": "review",
        "is_running": True,
        "asked": None,
        "stopped_at": None,
        "paused_at": None,
        "pauses": [],
    }
    return SimpleNamespace(**plain | {"rule": "referral.review", "duration": "7 calendar days"} | facts)


def test_open_and_sent() -> None:
    assert everyday.is_open(item(), ME) is None
    assert everyday.is_open(item(is_open=False), ME) == "It has ended"
    assert everyday.is_sent(item(), ME) is None
    assert everyday.is_sent(item(is_draft=True), ME) == "It is still a draft"


def test_a_clock_to_pause() -> None:
    said, nothing = "At this priority the clock cannot be paused", "No clock is running that could be paused"
    assert everyday.has_a_clock_to_pause(item(clock(is_running=False)), ME) == nothing
    of_itself = item(clock(name="begin"), priority="routine", workflow=ALL["policy_change"])
    assert everyday.has_a_clock_to_pause(of_itself, ME) == nothing
    assert everyday.has_a_clock_to_pause(item(clock()), ME) == said
    assert everyday.has_a_clock_to_pause(item(clock(), priority="emergency"), ME) == said
    assert everyday.has_a_clock_to_pause(item(clock(), priority="routine"), ME) is None
    assert everyday.has_a_clock_to_pause(item(clock(), clock(rule="referral.resubmit")), ME) is None
    open_to_all = DEFAULT.with_value("pauses.allowed", True, priority="urgent")
    assert everyday.has_a_clock_to_pause(item(clock(), policy=open_to_all), ME) is None


def test_a_start_to_correct_and_a_request_to_answer() -> None:
    assert everyday.has_a_start(item(clock()), ME) is None
    for others in ([clock(duration="")], [clock(stopped_at="now")], []):
        assert everyday.has_a_start(item(*others), ME) == "No clock counts from a moment that can be corrected"
    asked, answered = item(clock(asked={"by_id": 1})), item(clock(asked={"by_id": 1}, stopped_at="now"))
    assert everyday.has_a_pause_to_refuse(asked, OTHER) is everyday.has_asked_for_a_pause(asked, ME) is None
    assert everyday.has_asked_for_a_pause(asked, OTHER) == "You have not asked for a pause"
    assert str(everyday.has_a_pause_to_refuse(asked, ME)).startswith("You asked for this pause: take")
    assert everyday.has_a_pause_to_refuse(answered, OTHER) == "Nobody has asked for a pause"


def test_a_pause_is_approved_by_another_person() -> None:
    asked = clock(asked={"by_id": 1})
    assert everyday.has_a_pause_to_approve(item(asked), OTHER) is None
    assert str(everyday.has_a_pause_to_approve(item(asked), ME)).startswith("You asked for this pause")
    assert everyday.has_a_pause_to_approve(item(asked, clock(asked={"by_id": 2})), ME) is None
    ended = clock(asked={"by_id": 2}, stopped_at="now")
    assert everyday.has_a_pause_to_approve(item(ended, clock()), ME) == "Nobody has asked for a pause"


def test_a_clock_paused_on_request() -> None:
    paused = clock(is_running=False, paused_at="now", pauses=[{"approved_by": "Other"}])
    by_state = clock(is_running=False, paused_at="now", pauses=[{"approved_by": ""}])
    assert everyday.has_a_paused_clock(item(by_state, paused), ME) is None
    for others in ([by_state], [clock(pauses=[{"approved_by": "Other"}])], [clock(paused_at="now")], []):
        assert everyday.has_a_paused_clock(item(*others), ME) == "No clock was paused on request"


def test_another_priority() -> None:
    assert everyday.is_another_priority(item(), {"priority": "routine"}) is None
    assert everyday.is_another_priority(item(), {"priority": "urgent"}) == "It already has this priority"


def test_they_keep_the_state_and_have_names_of_their_own() -> None:
    assert all(action.dest == SAME and action.label for action in EVERYDAY)
    assert list(BY_NAME) == [action.name for action in EVERYDAY]
    taken = {action.name for workflow in ALL.values() for action in workflow.actions}
    assert taken.isdisjoint(BY_NAME)


def test_what_an_action_is_called() -> None:
    assert everyday.action_named(REFERRAL, "note") is everyday.NOTE
    assert everyday.action_named(REFERRAL, "accept") is REFERRAL.named("accept")[0]
    assert everyday.action_named(REFERRAL, "fly") is None
    names = ("note", "return_incomplete", "start", "fly_away")
    assert [everyday.label_of(REFERRAL, name) for name in names] == [
        "Write a note",
        "Return as incomplete",
        "Started",
        "Fly away",
    ]
