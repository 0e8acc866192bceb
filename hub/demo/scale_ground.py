"""What a scale world stands on: forty organisations and three hundred people, and what every process must know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.passwords import hash_password
from hub.demo.names import FAMILY, GIVEN
from hub.demo.people import HUB, PASSWORD, SINCE
from hub.demo.world import DemoRefused, make_ground
from hub.engine.models import WorkItem
from hub.engine.rulebook import rulebook
from hub.organisations.models import Organisation
from hub.organisations.queries import active_collaborative, find_organisation
from hub.patients.models import Patient
from workflows.durations import local
from workflows.roles import Role

LINE: Final = "aed"
"""Adult eating disorder: its referrals carry two clocks each, to acknowledge and to answer."""
ORGANISATIONS: Final = 40
USERS: Final = 300
AT_THE_HUB: Final = {Role.COORDINATOR: 12, Role.CASE_MANAGER: 28}
KINDS: Final = ("community", "acute", "primary_care", "nhs_provider", "independent_provider")
MOST_CASES: Final = 1_000_000
"""As many numbers as the 999 range has room for."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who acts: account and membership."""

    user_id: int
    membership_id: int


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that refers, and its people."""

    id: int
    code: str
    people: tuple[Member, ...]


@dataclass(frozen=True)
class Ground:
    """Everything a process needs to make any block of the world by itself; plain values, so it can be sent to one."""

    places: tuple[Place, ...]
    """Those that refer, the busiest first; the last one is small, and stays small whatever the size of the world."""
    coordinators: tuple[Member, ...]
    managers: tuple[Member, ...]
    onlookers: tuple[int, ...]
    """Providers that now and then are a party too."""
    icbs: tuple[str, ...]
    collaborative_id: int | None
    policy_version_id: int
    taken: frozenset[str]
    """NHS numbers that the database has already."""
    first_item: int
    first_reference: int
    first_case: int
    first_case_reference: int
    first_patient: int


def check_it_is_a_demo(session: Session) -> None:
    """Raise DemoRefused when the database holds anything that is not the demo's, or a scale world already."""
    if session.scalar(select(Organisation.id).where(Organisation.ods_code == _code(0))) is not None:
        raise DemoRefused("There is a scale world in this database already: set HUB_DATA_DIR to a new folder")
    real = (
        select(Organisation.id).where(~Organisation.is_demo),
        select(UserAccount.id).where(~UserAccount.email.endswith(".test")),
        select(Patient.id).where(~Patient.nhs_number.startswith("999")),
    )
    is_strange = session.scalar(select(WorkItem.id).limit(1)) and not _hub_is_there(session)
    if is_strange or any(session.scalar(query.limit(1)) is not None for query in real):
        raise DemoRefused(
            "This database holds more than invented data. A scale world needs an empty one: set HUB_DATA_DIR to a "
            "new folder"
        )


def prepare(session: Session, *, items: int, now: datetime) -> Ground:
    """Make the organisations and people and put the numbers of all items aside. The caller commits."""
    if not _hub_is_there(session):
        make_ground(session, now)
    numbered = [
        _put_aside(session, name, items)
        for name in ("work_item_id_seq", "reference_referral_seq", "care_case_id_seq", "reference_case_seq")
    ]
    hub = find_organisation(session, HUB)
    if hub is None:
        raise LookupError(f"{HUB} is not among the demo's organisations")
    places = _make_places(session, now)
    people = iter(_make_people(session, now, [hub.id] * sum(AT_THE_HUB.values()) + _seats(places), list(_roles())))
    at_the_hub = {role: tuple(next(people) for _ in range(count)) for role, count in AT_THE_HUB.items()}
    theirs: dict[int, list[Member]] = {place: [] for place, _ in places}
    for member, place in zip(people, _seats(places), strict=True):
        theirs[place].append(member)
    collaborative = active_collaborative(session, LINE)
    return Ground(
        places=tuple(Place(place, code, tuple(theirs[place])) for place, code in places),
        coordinators=at_the_hub[Role.COORDINATOR],
        managers=at_the_hub[Role.CASE_MANAGER],
        onlookers=_ids(session, ("nhs_provider", "independent_provider")),
        icbs=tuple(session.scalars(select(Organisation.ods_code).where(Organisation.kind == "icb").order_by("id"))),
        collaborative_id=collaborative.id if collaborative else None,
        policy_version_id=rulebook(session).in_force(now),
        taken=frozenset(filter(None, session.scalars(select(Patient.nhs_number)))),
        first_item=numbered[0],
        first_reference=numbered[1],
        first_case=numbered[2],
        first_case_reference=numbered[3],
        first_patient=_put_aside(session, "patient_id_seq", items),
    )


def _hub_is_there(session: Session) -> bool:
    query = select(Organisation.id).where(Organisation.ods_code == HUB, Organisation.is_demo)
    return session.scalar(query) is not None


def _put_aside(session: Session, sequence: str, count: int) -> int:
    """The first of `count` numbers that nobody else will get."""
    first = int(session.execute(text(f"SELECT nextval('{sequence}')")).scalar_one())
    session.execute(text(f"SELECT setval('{sequence}', :last)"), {"last": first + count - 1})
    return first


def _code(number: int) -> str:
    return f"ZS{number:03d}"


def _make_places(session: Session, now: datetime) -> list[tuple[int, str]]:
    rows = [
        {
            "ods_code": _code(number),
            "name": f"{FAMILY[number % len(FAMILY)]} {'Service' if number < len(FAMILY) else 'Team'}",
            "kind": KINDS[number % len(KINDS)],
            "is_demo": True,
            "from_on": local(now - SINCE).date(),
        }
        for number in range(ORGANISATIONS)
    ]
    made = session.execute(insert(Organisation).returning(Organisation.id, Organisation.ods_code), rows)
    return sorted(((row.id, row.ods_code) for row in made), key=lambda place: place[1])


def _seats(places: Iterable[tuple[int, str]]) -> list[int]:
    """Where each person outside the hub works: six or seven at each organisation."""
    known = [place for place, _ in places]
    return sorted(known[number % len(known)] for number in range(USERS - sum(AT_THE_HUB.values())))


def _roles() -> Iterable[Role]:
    for role, count in AT_THE_HUB.items():
        yield from [role] * count
    yield from [Role.REFERRER] * (USERS - sum(AT_THE_HUB.values()))


def _make_people(session: Session, now: datetime, seats: list[int], roles: list[Role]) -> list[Member]:
    """One password, hashed once: three hundred times Argon2 is half a minute of nothing."""
    hashed, since = hash_password(PASSWORD), now - SINCE
    users = [
        {
            "email": f"person{number:03d}@scale.test",
            "name": f"{GIVEN[number % len(GIVEN)]} {FAMILY[number * 7 % len(FAMILY)]}",
            "password_hash": hashed,
            "is_active": True,
            "created_at": since,
        }
        for number in range(len(seats))
    ]
    made = session.execute(insert(UserAccount).returning(UserAccount.email, UserAccount.id), users)
    user_ids = [identity for _, identity in sorted((row.email, row.id) for row in made)]
    first_day = local(since + timedelta(days=1)).date()
    memberships = [
        {"user_id": user, "organisation_id": seat, "role": role, "from_on": first_day}
        for user, seat, role in zip(user_ids, seats, roles, strict=True)
    ]
    held = session.execute(insert(Membership).returning(Membership.user_id, Membership.id), memberships)
    return [Member(*row) for row in sorted((row.user_id, row.id) for row in held)]


def _ids(session: Session, kinds: tuple[str, ...]) -> tuple[int, ...]:
    query = select(Organisation.id).where(Organisation.kind.in_(kinds), ~Organisation.ods_code.startswith("ZS"))
    return tuple(session.scalars(query.order_by(Organisation.id)))


__all__ = ["LINE", "MOST_CASES", "Ground", "Member", "Place", "check_it_is_a_demo", "prepare"]
