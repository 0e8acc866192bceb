"""Pauses on request: asked for by one person, answered by another, ended by hand or at the planned moment."""

from collections.abc import Callable
from datetime import datetime

from hub.engine.clock_steps import (
    definition_of,
    going_along,
    leading,
    may_pause_on_request,
    pause,
    pause_on_request,
    resume,
    rule_for,
    was_asked_for,
)
from hub.engine.clocks import plan_clocks
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.stored_clocks import pauses_of
from hub.engine.turn import Row, Turn
from workflows.calendar import Pause, moment_words, work_out
from workflows.everyday import asked_it_themself


def ask_pause(turn: Turn) -> None:
    """Keep the request on the clock; it runs on until another person agrees. A later request takes its place."""
    clock = clock_named(turn, is_running=True)
    _check_it_may_be_paused(turn, clock)
    until = turn.values.get("until")
    _check_the_end(turn, until)
    clock.asked = {
        "why": turn.reason,
        "by_id": turn.actor.user_id,
        "for_id": turn.actor.on_behalf_of,
        "by": turn.actor.name,
        "at": turn.now.isoformat(),
        "until": until.isoformat() if until is not None else None,
    }
    clock.is_changed = True
    turn.entered["clock"] = {"new": clock.name}
    if code := turn.values.get("pause_code"):
        turn.entered["pause_code"] = {"new": code}
    if until is not None:
        turn.entered["until"] = {"new": until.isoformat()}


def approve_pause(turn: Turn) -> None:
    """Let the clock stand still from now on, until the end that was asked for or the longest that policy allows."""

    def is_anothers(clock: Row) -> bool:
        return bool(clock.asked) and not asked_it_themself(turn.actor, clock.asked)

    clock = clock_named(turn, is_running=True, meant=is_anothers)
    asked = clock.asked
    if not is_anothers(clock):
        raise ActionRefused([Problem("Nobody else asked for a pause of this clock", "clock")])
    _check_it_may_be_paused(turn, clock)
    until = datetime.fromisoformat(asked["until"]) if asked.get("until") else None
    if until is not None and until <= turn.now:
        said = f"It was asked for until {moment_words(until)}, which has passed: refuse it, and let them ask again"
        raise ActionRefused([Problem(said, "clock")])
    latest = _latest_end(turn)
    until = min(until or latest, latest)
    pause_on_request(turn, clock, why=asked["why"], asked_by=asked["by"], approved_by=turn.actor.name, until=until)
    for other in going_along(turn, clock):
        if other.is_running and turn.now < other.due_at:
            pause(turn, other, why=asked["why"], asked_by=asked["by"], approved_by=turn.actor.name)
    _answered(turn, clock)
    turn.entered["until"] = {"new": until.isoformat()}


def refuse_pause(turn: Turn) -> None:
    """The request is gone from the clock, which runs on; the reason stays in the history."""
    _answered(turn, _asked_clock(turn, lambda clock: bool(clock.asked)))


def withdraw_pause(turn: Turn) -> None:
    """Who asked needs the pause no more."""
    clock = _asked_clock(turn, lambda clock: bool(clock.asked) and asked_it_themself(turn.actor, clock.asked))
    if not asked_it_themself(turn.actor, clock.asked):
        raise ActionRefused([Problem("You did not ask for a pause of this clock", "clock")])
    _answered(turn, clock)


def resume_clock(turn: Turn) -> None:
    """Let a clock that was paused on request run again."""

    def is_to_go_on(clock: Row) -> bool:
        is_over = clock.resume_at is not None and clock.resume_at <= turn.now
        return was_asked_for(clock) and (is_over or not turn.actor.is_system)

    clock = clock_named(turn, is_running=False, meant=is_to_go_on)
    if not was_asked_for(clock):
        raise ActionRefused([Problem("This clock was not paused on request", "clock")])
    ended = clock.resume_at
    resume(turn, leading(turn, clock))
    for other in going_along(turn, clock):
        if other.paused_at is not None and was_asked_for(other):
            other.resume_at = ended  # its pause was over at the same moment
            resume(turn, other)
    plan_clocks(turn)  # in a state that pauses it, it stands still for that reason from now on
    turn.entered["clock"] = {"new": clock.name}


def clock_named(
    turn: Turn, *, is_running: bool | None = None, meant: Callable[[Row], bool] = lambda _clock: True
) -> Row:
    """The clock the person chose, by its name; only one that counts, or stands still, where that is asked for.

    Where each party has a clock of its own they share a name: one that is `meant` comes before the others.
    """
    found = [
        clock
        for clock in turn.clocks
        if clock.name == turn.values["clock"] and clock.stopped_at is None and is_running in {None, clock.is_running}
    ]
    if not found:
        raise ActionRefused([Problem("Choose a clock from the list", "clock")])
    return next(filter(meant, found), found[0])


def _asked_clock(turn: Turn, meant: Callable[[Row], bool]) -> Row:
    clock = clock_named(turn, meant=meant)
    if not clock.asked:
        raise ActionRefused([Problem("Nobody has asked for a pause of this clock", "clock")])
    return clock


def _answered(turn: Turn, clock: Row) -> None:
    """The request is done with, and who asked is told; whom a deputy asked for, too."""
    turn.tells = [one for one in (clock.asked["by_id"], clock.asked.get("for_id")) if one is not None]
    clock.asked = None
    clock.is_changed = True
    turn.entered["clock"] = {"new": clock.name}


def _check_it_may_be_paused(turn: Turn, clock: Row) -> None:
    if turn.now >= clock.due_at:
        raise ActionRefused([Problem("This clock has run out, so it cannot be paused any more", "clock")])
    if not may_pause_on_request(turn, clock):
        raise ActionRefused([Problem("At this priority the clock cannot be paused", "clock")])
    most = turn.policy.number(turn.kind.workflow.pauses_a_clock)
    if sum(1 for pause in clock.pauses if pause.get("approved_by")) >= most:
        times = "once" if most == 1 else f"{most} times"
        raise ActionRefused([Problem(f"A clock may be paused on request at most {times}", "clock")])


def _check_the_end(turn: Turn, until: datetime | None) -> None:
    latest = _latest_end(turn)
    if until is not None and until > latest:
        longest = turn.policy.text("pauses.longest")
        said = f"A pause may last at most {longest}: give a time up to {moment_words(latest)}"
        if turn.kind.workflow.pauses_in_all:
            said = f"All pauses together may last no longer: give a time up to {moment_words(latest)}"
        raise ActionRefused([Problem(said, "until")])


def _latest_end(turn: Turn) -> datetime:
    """When a pause that begins now ends by itself at the latest, with what earlier ones took where all are limited."""
    longest = work_out(turn.policy.duration("pauses.longest"), turn.now, turn.calendar).due_at
    if not turn.kind.workflow.pauses_in_all:
        return longest
    # Counted like a clock that runs in the pauses alone and stands still in between.
    begun, gaps = _between_pauses(turn)
    rule = rule_for(turn, turn.kind.workflow.pauses_in_all)
    latest = min(longest, work_out(rule, begun, turn.calendar, gaps).due_at)
    if latest <= turn.now:
        raise ActionRefused([Problem(f"All pauses together may last {rule.text}, and that is used up", "clock")])
    return latest


def _between_pauses(turn: Turn) -> tuple[datetime, list[Pause]]:
    """When the first pause on request of any clock began, and the times since in which none went on."""
    spans = sorted(
        (span.start, span.end or turn.now)
        for row in turn.clocks
        if (definition := definition_of(turn, row.name)) is not None and not definition.pauses_with
        for span in pauses_of(row)
        if span.approved_by
    )
    gaps, reached = [], spans[0][0] if spans else turn.now
    for begun, ended in [*spans, (turn.now, turn.now)]:
        if begun > reached:
            gaps.append(Pause(reached, begun))
        reached = max(reached, ended)
    return spans[0][0] if spans else turn.now, gaps
