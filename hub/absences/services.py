"""Recording an absence with a deputy, and ending one. Each function leaves the commit to its caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from hub.accounts.absence_models import Absence
from hub.accounts.absences import NOT_STOOD_IN
from hub.accounts.models import UserAccount
from hub.accounts.queries import HeldRole, held_roles
from hub.accounts.services import AccountRefused
from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change
from workflows.actor import Actor
from workflows.durations import local, moment_words
from workflows.roles import Role

LONGEST = timedelta(days=731)
"""Two years: parental leave and a career break fit; a slip of the year does not."""


def record_absence(
    session: Session,
    by: Actor | None,
    *,
    user_id: int,
    deputy_id: int,
    from_at: datetime,
    until_at: datetime,
    now: datetime,
    why: str = "",
) -> Absence:
    """Somebody is away from (included) until (not included), and a colleague stands in; `by` is None for a command.

    Raises AccountRefused with all that is wrong: a time that is over, the wrong way round or taken, or a deputy who
    may not stand in.
    """
    hold(session, Lock.ABSENCES)  # two recorded at once must not each find the other's deputy free
    person, deputy = (session.get(UserAccount, each) for each in (user_id, deputy_id))
    if person is None or deputy is None:
        raise AccountRefused("Choose a person from the list")
    wrong = _wrong_with_times(from_at, until_at, now)
    wrong += _wrong_with_people(session, by, person, deputy, from_at, until_at)
    if until_at > from_at:
        wrong += _in_the_way(session, person, deputy, from_at, until_at)
    if wrong:
        raise AccountRefused(*wrong)
    made = Absence(
        user=person,
        deputy=deputy,
        from_at=from_at,
        until_at=until_at,
        why=" ".join(why.split()),
        made_by_id=by.user_id if by else None,
        made_at=now,
    )
    session.add(made)
    session.flush()
    new = {"From": moment_words(from_at), "Until": moment_words(until_at), "Deputy": deputy.name}
    log_change(session, by, Subject.PERSON, person.id, "Absence recorded", now=now, new=new, why=made.why)
    return made


def end_absence(session: Session, by: Actor | None, absence_id: int, now: datetime) -> Absence:
    """End an absence that runs, or call one off that has not begun; nobody stands in from this moment.

    Raises AccountRefused when it is over: what has been stays as it was.
    """
    hold(session, Lock.ABSENCES)
    query = (
        select(Absence).where(Absence.id == absence_id).options(joinedload(Absence.user), joinedload(Absence.deputy))
    )
    absence = session.scalar(query.execution_options(populate_existing=True))
    if absence is None or absence.over_at <= now or absence.ended_at is not None:
        raise AccountRefused("This absence is over, or somebody has ended it already")
    has_begun = absence.from_at <= now
    old = {"From": moment_words(absence.from_at), "Until": moment_words(absence.until_at)}
    absence.ended_at = now
    session.flush()
    what = "Absence ended early" if has_begun else "Absence called off"
    log_change(session, by, Subject.PERSON, absence.user_id, what, now=now, old=old | {"Deputy": absence.deputy.name})
    return absence


def why_not_deputy(session: Session, absence: Absence, deputy: UserAccount, now: datetime) -> list[str]:
    """Why somebody else cannot be the deputy for the rest of an absence, in words; empty when they can."""
    since = max(absence.from_at, now)
    wrong = _wrong_with_people(session, None, absence.user, deputy, since, absence.until_at)
    return wrong or _in_the_way(session, absence.user, deputy, since, absence.until_at, but=absence.id)


def colleagues_of(session: Session, user_id: int, now: datetime) -> list[tuple[int, str]]:
    """Who could stand in for a person: (account id, "name, roles") of everybody active of the same organisations."""
    today = local(now).date()
    places = {role.organisation_id for role in held_roles(session, today, user_id=user_id)}
    found: dict[int, tuple[str, set[str]]] = {}
    for role in held_roles(session, today) if places else []:
        if role.organisation_id in places and role.user_id != user_id:
            found.setdefault(role.user_id, (role.person, set()))[1].add(role.role.label)
    words = ((identity, f"{name}, {' and '.join(sorted(roles))}") for identity, (name, roles) in found.items())
    return sorted(words, key=lambda pair: pair[1].casefold())


def _wrong_with_times(from_at: datetime, until_at: datetime, now: datetime) -> list[str]:
    if from_at.tzinfo is None or until_at.tzinfo is None:
        raise ValueError("an absence needs instants with a time zone")
    if until_at <= from_at:
        return ["The absence ends before it starts"]
    if until_at <= now:
        return ["This time is over already. An absence in the past cannot be recorded: nobody stood in"]
    return ["An absence can last two years at most"] if until_at - from_at > LONGEST else []


def _wrong_with_people(
    session: Session,
    by: Actor | None,
    person: UserAccount,
    deputy: UserAccount,
    from_at: datetime,
    until_at: datetime,
) -> list[str]:
    if deputy.id == person.id:
        return ["The deputy must be another person"]
    wrong = [f"{each.name} cannot sign in" for each in (person, deputy) if not each.is_active]
    if by is not None and by.role is Role.ADMINISTRATOR and by.user_id == deputy.id and by.user_id != person.id:
        # Standing in gives sight of what an administrator does not see: somebody else must say so.
        wrong.append("You cannot make yourself a deputy: the person who is away or another administrator does that")
    days = [local(from_at).date(), local(until_at - timedelta(microseconds=1)).date()]
    theirs, others = (_held_throughout(session, each.id, days) for each in (person, deputy))
    if not theirs:
        return [*wrong, f"{person.name} has no role for the whole of that time"]
    able = [role for role in theirs if role.role not in NOT_STOOD_IN]
    if not able:
        labels = " or ".join(sorted({role.role.label for role in theirs}))
        return [*wrong, f"Nobody can stand in as {labels}: another person who holds that role does the work"]
    if not {role.organisation_id for role in able} & {role.organisation_id for role in others}:
        places = " or ".join(sorted({role.organisation_name for role in able}))
        wrong.append(f"{deputy.name} does not belong to {places} for the whole of that time")
    return wrong


def _held_throughout(session: Session, user_id: int, days: Sequence[date]) -> list[HeldRole]:
    """The roles a person holds on the first and on the last day."""
    first, last = (held_roles(session, day, user_id=user_id) for day in days)
    lasting = {role.membership_id for role in last}
    return [role for role in first if role.membership_id in lasting]


def _in_the_way(
    session: Session,
    person: UserAccount,
    deputy: UserAccount,
    from_at: datetime,
    until_at: datetime,
    *,
    but: int | None = None,
) -> list[str]:
    """Absences that touch this time: of the person, of the deputy, and those in which the person is the deputy.

    `but`: the absence itself.
    """
    query = select(Absence).options(joinedload(Absence.user), joinedload(Absence.deputy))
    touching = query.where(Absence.from_at < until_at, Absence.over_at_sql() > from_at).order_by(Absence.from_at)
    both = or_(Absence.user_id.in_((person.id, deputy.id)), Absence.deputy_id == person.id)
    wrong = []
    for taken in session.scalars(touching.where(both, Absence.id.is_distinct_from(but))):
        when = f"from {moment_words(taken.from_at)} until {moment_words(taken.over_at)}"
        if taken.user_id == person.id:
            wrong.append(f"{person.name} is recorded as away already {when}")
        elif taken.user_id == deputy.id:
            wrong.append(f"{deputy.name} is away {when}, so somebody else must be the deputy")
        else:
            wrong.append(f"{person.name} stands in for {taken.user.name} {when}. Somebody else must do that first")
    return wrong
