"""Drafting a change, revising it, and what follows when it is proposed, approved, and revoked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.rulebook import PolicyVersion, RulebookState
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.topics import Happened
from hub.policy_changes.content import Line, carried_on, lines_between, with_entries
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.queries import highest_number, newest
from workflows.actor import Actor
from workflows.durations import date_words, local, midnight
from workflows.policy import Entry, PolicySet
from workflows.policy_change import POLICY_CHANGE
from workflows.roles import Capacity

LONGEST_TITLE: Final = 120
LONGEST_SAID: Final = 6_000
"""Letters of what was changed, in one history row."""


def base_of(change: PolicyChange) -> PolicySet:
    """The set that the change was drafted from."""
    return PolicySet.from_json(change.base)


def content_of(change: PolicyChange) -> PolicySet:
    """The set as it would be."""
    return PolicySet.from_json(change.content)


def begin_draft(
    session: Session,
    title: str,
    *,
    actor: Actor,
    now: datetime,
    content: PolicySet | None = None,
    writers: Collection[int] = (),
) -> PolicyChange:
    """A new draft of the newest set, or of `content`, which was made over it and in which `writers` had a hand.

    ActionRefused names what is wrong.
    """
    title = " ".join(title.replace("\0", "").split())
    if not title or len(title) > LONGEST_TITLE:
        raise ActionRefused([Problem(f"Say what the change is about, in {LONGEST_TITLE} letters or fewer", "title")])
    ground = newest(session)
    change: PolicyChange = start(
        session,
        POLICY_CHANGE,
        actor,
        now=now,
        values={"based_on_id": ground.id},
        about=Beginning(
            title=title,
            owner_id=actor.behind_id,
            # The hub's own row: a draft is open to all who may read policy, not to its writer alone.
            parties=(PartyTo((Capacity.INTERESTED,), organisation_id=actor.organisation_id),),
        ),
    )
    change.base = ground.content
    change.content = ground.content if content is None else content.to_json()
    change.writers = sorted({*writers, *actor.hands})
    session.flush()
    return change


def begin_from_file(session: Session, title: str, content: PolicySet, *, actor: Actor, now: datetime) -> PolicyChange:
    """A draft of what a file gives; ActionRefused when it is what the newest set says already."""
    if not lines_between(PolicySet.from_json(newest(session).content), content):
        raise ActionRefused(["The file says what the newest set says already: there is nothing to change"])
    return begin_draft(session, title, actor=actor, now=now, content=content)


def begin_again(
    session: Session, change: PolicyChange, *, actor: Actor, now: datetime
) -> tuple[PolicyChange, list[str]]:
    """A new draft with the changes of an older one, made to the newest set; and what both changed, in sentences.

    Whoever had a hand in the older one has it in this one: the values are theirs, whoever begins again.
    """
    ground = PolicySet.from_json(newest(session).content)
    content, clashes = carried_on(base_of(change), content_of(change), ground)
    if not lines_between(ground, content):
        raise ActionRefused(["The newest set says all of it already: there is nothing to change"])
    made = begin_draft(session, change.title, actor=actor, now=now, content=content, writers=change.writers)
    return made, clashes


def revise(
    session: Session, change: PolicyChange, entries: Mapping[str, Entry], *, actor: Actor, now: datetime, seen: int
) -> list[Line]:
    """Put these entries into the draft; gives what differs from before, and does nothing when nothing does.

    ActionRefused when it is no draft any more, when it is not this person's to change, or when somebody else changed
    it after version `seen`.
    """
    before = content_of(change)
    changed = lines_between(before, with_entries(before, entries))
    if not changed:
        return []
    perform(session, change, "revise", actor, now=now, values={"changed": _said(changed)}, seen=seen)
    # Under the lock now, so that what it holds is what the others left.
    change.content = with_entries(content_of(change), entries).to_json()
    take_part(change, actor)
    session.flush()
    return changed


def _said(changed: Sequence[Line]) -> str:
    """What was changed, for the history: as much of it as a row may hold."""
    said: list[str] = []
    length = 0
    for line in changed:
        length += len(line.words) + 2
        if length > LONGEST_SAID:
            said.append(f"and {len(changed) - len(said)} more")
            break
        said.append(line.words)
    return "; ".join(said)


def take_part(change: PolicyChange, actor: Actor) -> None:
    """Write down that this person, and whom they stand in for, had a hand in it: neither decides about it."""
    change.writers = sorted({*change.writers, *actor.hands})


def settle_day(happened: Happened) -> None:
    """A day was given: it lies ahead, and after the day of every other set. Whoever gave it had a hand in it."""
    change: PolicyChange = happened.item
    _check_day(happened.session, change.effective_on, happened.at)
    if change.effective_on is not None:
        change.in_force_from = midnight(change.effective_on)
    take_part(change, happened.actor)
    happened.session.flush()


def put_in_force(happened: Happened) -> None:
    """A second person approved it: the set is there, and what is sent from its first moment on goes by it."""
    change, session = happened.item, happened.session
    _hold_the_sets(session)
    _refuse_unless_newest(change)
    _check_day(session, change.effective_on, happened.at)
    number = highest_number(session) + 1
    content = replace(content_of(change), version=number, in_force_from=change.effective_on)
    made = PolicyVersion(
        name=content.name, number=number, in_force_from=change.in_force_from, content=content.to_json()
    )
    session.add(made)
    session.flush()
    change.policy_set_id, change.number = made.id, number
    session.flush()


def take_back(happened: Happened) -> None:
    """The approval is revoked before its day: the set is gone, as if it had never been."""
    change, session = happened.item, happened.session
    _hold_the_sets(session)
    if change.in_force_from <= happened.at:
        raise ActionRefused(["It is in force already. Propose another change instead"])
    if said := change.what_builds_on_it:
        raise ActionRefused([said])
    session.execute(delete(PolicyVersion).where(PolicyVersion.id == change.policy_set_id))
    change.policy_set_id = None
    session.flush()


def _hold_the_sets(session: Session) -> None:
    """One approval or revocation at a time: the second looks at the sets as the first left them."""
    session.execute(select(RulebookState.id).where(RulebookState.id == 1).with_for_update())


def _refuse_unless_newest(change: Any) -> None:
    if said := change.why_not_on_the_newest:
        raise ActionRefused([said])


def _check_day(session: Session, day: date | None, now: datetime) -> None:
    today, last = local(now).date(), newest(session)
    if day is None or day <= today:
        raise ActionRefused(
            [Problem("Give a day after today: a set never comes into force in the middle of a day", "effective_on")]
        )
    if midnight(day) <= last.in_force_from:
        of_last = date_words(local(last.in_force_from).date())
        raise ActionRefused(
            [Problem(f"Set {last.number} comes into force on {of_last}. Give a later day", "effective_on")]
        )
