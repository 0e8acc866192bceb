"""Proposing that two records are one person's, and what asking to take them apart locks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import Beginning, start
from hub.merges.checks import hindrances, hindrances_of_undoing
from hub.merges.fields import BY_NAME
from hub.merges.models import Merge
from hub.merges.rows import lock_both
from workflows.actor import Actor
from workflows.merge import MERGE


def propose(
    session: Session,
    standing_id: int,
    other_id: int,
    *,
    taken: Iterable[str],
    why: str,
    actor: Actor,
    now: datetime,
) -> Merge:
    """Ask a second person whether two records are one person's. `taken`: fields whose value comes from the other.

    ActionRefused with everything that stands in the way; two proposals about one record wait for each other.
    """
    if standing_id == other_id:
        raise ActionRefused(["These are one record already. Choose two"])
    standing, _, cases = lock_both(session, standing_id, other_id)
    wrong: list[Problem | str] = list(hindrances(session, standing_id, other_id, actor))
    if not why.strip():
        wrong.append(Problem("Say why you think that they are one person", "why"))
    if wrong:
        raise ActionRefused(wrong)
    chosen = set(taken)
    home = _home(cases, standing_id)
    made: Merge = start(
        session,
        MERGE,
        actor,
        now=now,
        values={
            "standing_id": standing_id,
            "other_id": other_id,
            "standing_case_id": _id(_own(cases, standing_id)),
            "other_case_id": _id(_own(cases, other_id)),
            "taken": [{"field": name} for name in BY_NAME if name in chosen] or None,
            "why": why.strip(),
            "service_line": home.service_line if home else None,
        },
        about=Beginning(title=standing.full_name, case_id=_id(home), owner_id=actor.behind_id),
    )
    return made


def lock_for_undoing(session: Session, merge: Any, actor: Actor) -> None:
    """Hold both records while somebody asks to take them apart, so that no other proposal slips in."""
    lock_both(session, merge.standing_id, merge.other_id)
    wrong = hindrances_of_undoing(session, merge, actor)
    if wrong:
        raise ActionRefused(wrong)


def _own(cases: Sequence[CareCase], patient_id: int) -> CareCase | None:
    """The case a record is opened by: an open one before a closed one, then the newest."""
    theirs = [case for case in cases if case.patient_id == patient_id]
    return max(theirs, key=lambda case: (case.closed_at is None, case.id), default=None)


def _home(cases: Sequence[CareCase], standing_id: int) -> CareCase | None:
    """The case the proposal belongs to: a sealed one when there is one, so that its seal holds for the proposal too."""

    def rank(case: CareCase) -> tuple[bool, bool, bool, int]:
        return case.is_sealed, case.patient_id == standing_id, case.closed_at is None, case.id

    return max(cases, key=rank, default=None)


def _id(case: CareCase | None) -> int | None:
    return case.id if case is not None else None
