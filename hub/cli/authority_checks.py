"""What `hub doctor` says of authority: decisions that need a second person, and disputes that nobody can take on."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hub.accounts.queries import holders_of
from hub.cli.finding import Finding
from hub.engine.models import WorkItem
from hub.escalations.eligible import nobody_eligible
from hub.escalations.models import Escalation
from workflows.admission import ADMISSION
from workflows.admission.guards import SCHEME
from workflows.durations import local
from workflows.policy import PolicySet
from workflows.roles import Role

MEND = "Run: hub user add E-MAIL --name NAME --role ROLE --organisation ODS"


def check_authority(session: Session, policy: PolicySet, now: datetime) -> Iterator[Finding]:
    """Whether what one person recommends or does in an emergency can be decided or ratified by another."""
    senior = tuple(Role(str(name)) for name in _listed(policy))
    outside = SCHEME.outside(policy)
    pairs = (
        ("Contested admissions", "recommends", _may("recommend"), ("decides", "decide"), senior),
        ("Emergency admissions", "admits", _may("admit_in_emergency"), ("ratifies", "ratify"), _may("ratify")),
    )
    today = local(now).date()
    for about, does, doing, checks, checking in pairs:
        first = {user: name for user, name, _ in holders_of(session, doing, today)}
        second = {user: name for user, name, _ in holders_of(session, checking, today)}
        said = _alone(first, second, does, checks, checking)
        yield Finding(about, said or f"somebody else {checks[0]} than {does}", MEND if said else "")
    if not holders_of(session, (outside,), today):
        yield Finding(
            "Outside alternate",
            f"nobody is an {outside.label}, so nobody decides what is above every limit",
            MEND,
        )


def check_disputes(session: Session) -> Iterator[Finding]:
    """Whether somebody can take each open escalation further; for each that nobody can, the role that nobody holds."""
    rows = (selectinload(getattr(Escalation, name)) for name in (*Escalation.needs_loaded, "parties"))
    stuck = False
    for item in session.scalars(select(Escalation).where(WorkItem.is_open).options(*rows).order_by(WorkItem.id)):
        said = nobody_eligible(session, item)
        stuck = stuck or bool(said)
        if said:
            yield Finding(f"Escalation {item.reference}", "; ".join(said), MEND)
    if not stuck:
        yield Finding("Escalations", "somebody can take each further")


def _alone(
    first: dict[int, str], second: dict[int, str], does: str, checks: tuple[str, str], checking: tuple[Role, ...]
) -> str:
    if not second:
        return f"nobody {checks[0]}: there is no {' and no '.join(role.label for role in checking)}"
    if len(second) > 1 or not second.keys() <= first.keys():
        return ""
    name = next(iter(second.values()))
    return f"only {name} {checks[0]}, and also {does}: what {name} {does} nobody can {checks[1]}"


def _may(action: str) -> tuple[Role, ...]:
    """The roles that may do an action, as its definition says."""
    by = (may.role for arrow in ADMISSION.named(action) for may in arrow.by)
    return tuple(dict.fromkeys(role for role in by if role is not None))


def _listed(policy: PolicySet) -> tuple[object, ...]:
    found = policy.value(SCHEME.contested)
    return tuple(found) if isinstance(found, tuple | list) else (found,)
