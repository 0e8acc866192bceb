"""What must be true for an escalation to move on, and who speaks, convenes and decides.

The item gives what these ask for (hub/escalations/models.py): its sides, the visit of the stage it is in with positions
and wishes, proposals and acceptances, the panel, the agreed actions, its clocks, and why somebody is kept out.
"""

from collections.abc import Iterator
from typing import Any

from workflows.core import Actor
from workflows.escalation.states import IN_WORDS, STAGES, next_stage, reply_clock, stage_before, stage_clock
from workflows.escalation.who import URGENT


def names(sides: Any) -> str:
    """ "Ashgill Trust", "Ashgill Trust and Brackendale Council"."""
    said = [side.name for side in sides]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def position_is_open(item: Any, actor: Actor) -> str | None:
    """Your position is not on record yet, or no other side has its own on record"""
    side, here = item.side_of(actor), item.here
    if side is None or here is None or here.position_of(side) is None:
        return None
    others = [other for other in item.sides if other is not side and here.position_of(other) is not None]
    if not others:
        return None
    have = "has its position" if len(others) == 1 else "have their positions"
    return f"{names(others)} {have} on record too, so yours stands as it is"


def has_facts_to_judge(item: Any, _actor: Actor) -> str | None:
    """There are facts that are not agreed by all yet"""
    if any(not fact.is_locked for fact in item.facts):
        return None
    return "There are no facts to agree: all are agreed by every side and locked" if item.facts else "No facts yet"


def has_a_proposal(item: Any, _actor: Actor) -> str | None:
    """A settlement is on the table"""
    return None if item.on_the_table is not None else "No settlement is proposed yet"


def has_not_accepted(item: Any, actor: Actor) -> str | None:
    """Your side has not accepted this version yet"""
    side, proposal = item.side_of(actor), item.on_the_table
    if side is None or proposal is None or not proposal.is_accepted_by(side):
        return None
    return f"Your side has accepted version {proposal.version} already"


def everybody_accepted(item: Any, _actor: Actor) -> str | None:
    """Every side has accepted the version on the table"""
    proposal = item.on_the_table
    if proposal is None:
        return "No settlement is proposed yet"
    waiting = [side for side in item.sides if not proposal.is_accepted_by(side)]
    return f"{names(waiting)} has not accepted version {proposal.version}" if waiting else None


def has_not_asked(item: Any, actor: Actor) -> str | None:
    """Your side has not asked at this stage yet"""
    side, here = item.side_of(actor), item.here
    asked = side is not None and here is not None and here.wish_of(side) is not None
    return "Your side has asked already at this stage" if asked else None


def has_run_out(item: Any, clock: str, side: Any = None) -> bool:
    """Whether a running clock of this name (of one side) has rung."""
    key = f"organisation:{side.organisation_id}" if side is not None else None
    return any(
        row.name == clock and row.per == key and row.stopped_at is None and row.rang_at is not None
        for row in item.clocks
    )


def stage_has_run_out(item: Any) -> bool:
    """Whether the time of the stage it is in is over."""
    return has_run_out(item, stage_clock(item.state))


def has_cause_to_go_up(item: Any, _actor: Actor) -> str | None:
    """The time of this stage has run out, or every side has asked, or it is urgent"""
    here = item.here
    if item.urgency == URGENT or stage_has_run_out(item):
        return None
    waiting = [side for side in item.sides if here is None or here.wish_of(side) is None]
    if not waiting:
        return None
    return f"The time of this stage has not run out, it is not urgent, and {names(waiting)} did not ask to go up"


def every_side_was_heard(item: Any, _actor: Actor) -> list[str]:
    """Each side has its position on record, or its time to reply has run out"""
    here = item.here
    return [
        f"The position of {side.name} is not on record, and its time to reply is not over"
        for side in item.sides
        if not (here is not None and here.position_of(side)) and not has_run_out(item, reply_clock(item.state), side)
    ]


def next_level_is_named(item: Any, _actor: Actor) -> list[str]:
    """Each side has said who speaks for it at the next stage, or has nobody else, or let its time run out"""
    above = next_stage(item.state)
    return list(_unnamed(item, str(above))) if above is not None else []


def _unnamed(item: Any, above: str) -> Iterator[str]:
    acted = item.who_acted_here
    for side in item.sides:
        speaker = item.speaker_of(side, above)
        if speaker is None:
            if not stage_has_run_out(item) and not has_run_out(item, reply_clock(item.state), side):
                yield f"{side.name} has not said who speaks for it at {IN_WORDS[above]}, or that it has nobody else"
        elif speaker.user_id is not None and speaker.user_id in acted:
            yield (
                f"{speaker.name} is named for {side.name} at {IN_WORDS[above]} and took part in "
                f"{IN_WORDS[item.state]}: name somebody else, or say that there is nobody else"
            )


def was_not_returned_before(item: Any, _actor: Actor) -> str | None:
    """It has not gone back from this stage before"""
    below, most = stage_before(item.state), item.policy.number("escalation.returns_a_stage")
    if below is None or item.returns_to(str(below)) < most:
        return None
    times = "once" if most == 1 else f"{most} times"
    return f"It went back from {IN_WORDS[item.state]} to {IN_WORDS[below]} {times} already, which is all that may be"


def may_be_determined_here(item: Any, _actor: Actor) -> str | None:
    """This kind of dispute may be determined at this stage"""
    if item.state == STAGES[-1] or item.dispute_kind in item.policy.value("escalation.executive_determines"):
        return None
    return "This kind of dispute is determined at the last stage, not at executive review"


def has_a_panel(item: Any, _actor: Actor) -> str | None:
    """A panel is appointed"""
    return None if item.panel else "No panel is appointed yet"


def panel_is_free_of_conflicts(item: Any, _actor: Actor) -> list[str]:
    """Nobody on the panel acted for a side, belongs to one, or has an interest in one"""
    return [f"{seat.name} cannot sit on the panel: {why}" for seat in item.panel for why in item.why_not_on_panel(seat)]


def has_agreed_actions(item: Any, _actor: Actor) -> str | None:
    """There are actions to carry out"""
    return None if item.open_actions else "There is no action left to do"


def has_a_claim(item: Any, actor: Actor) -> str | None:
    """Somebody says that an action is done"""
    theirs = [each for each in item.claimed_actions if each.owner_organisation_id != actor.organisation_id]
    return None if theirs else "Nobody else says that an action is done"


def all_is_done(item: Any, _actor: Actor) -> list[str]:
    """Each action is confirmed or dropped, or nobody answered the claim in its time"""
    waiting = [f"Action {each.number} is not done yet: {each.what}" for each in item.open_actions]
    silent = item.silent_claims
    return waiting + [
        f"Nobody has confirmed action {each.number}, and the time to answer is not over"
        for each in item.claimed_actions
        if each.number not in silent
    ]


def is_standard(item: Any, _actor: Actor) -> str | None:
    """It is not urgent yet"""
    return "It is urgent already" if item.urgency == URGENT else None


def has_a_pause_left(item: Any, _actor: Actor) -> str | None:
    """This stage was not paused before"""
    name, most = stage_clock(item.state), item.policy.number("escalation.pauses_a_stage")
    row = next((row for row in item.clocks if row.name == name and row.stopped_at is None), None)
    if row is None or sum(1 for pause in row.pauses if pause.get("approved_by")) < most:
        return None
    return "This stage was paused already, which may be done once" if most == 1 else f"At most {most} pauses a stage"
