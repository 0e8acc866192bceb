"""A small invented hub for tests: organisations, people with roles, complete answers, referrals in any state."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.sessions import start_session
from hub.engine.perform import perform
from hub.engine.start import Beginning, PartyTo, start
from hub.organisations.models import Organisation, Site, Unit
from hub.referrals.models import Referral
from workflows.actor import Actor
from workflows.referral import REFERRAL
from workflows.roles import HUB_ROLES, Capacity, Role

NOW = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
"""A Monday morning in winter, far from any bank holiday."""
FIRST_DAY = date(2020, 1, 1)
NAMES = (
    "Ruth Calloway",
    "Dele Okafor",
    "Mina Sorrel",
    "Piotr Vane",
    "Aisha Thorne",
    "Gwen Larkrise",
    "Tomas Bellweather",
    "Joy Fenwick",
)
_numbers = count(1)


def _valid_nhs_numbers() -> Iterator[str]:
    """Invented NHS numbers (999 range) that pass modulus 11, ten digits without spaces."""
    for body in range(999_100_000, 1_000_000_000):
        check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(str(body))) % 11
        if check != 10:
            yield f"{body}{check % 11}"


_nhs_numbers = _valid_nhs_numbers()


def make_organisation(session: Session, code: str, **values: Any) -> Organisation:
    """The organisation with this code; made when it is not there yet."""
    found = session.scalar(select(Organisation).where(Organisation.ods_code == code))
    if found is None:
        usual = {"kind": "other", "from_on": FIRST_DAY, "name": f"Place {code}"}
        found = Organisation(ods_code=code, **{**usual, **values})
        session.add(found)
        session.flush()
    return found


def make_hub(session: Session) -> Organisation:
    """The hub arm of the invented lead provider."""
    lead = make_organisation(session, "ZLP01", name="Fellside Partnership", kind="nhs_trust")
    return make_organisation(session, "ZHB01", name="Fellside Hub", kind="nhs_trust", parent_id=lead.id, arm="hub")


def make_referring(session: Session) -> Organisation:
    """A community team that refers."""
    return make_organisation(session, "ZRF01", name="Brackendale Community Team", kind="referrer")


def make_provider(session: Session) -> Organisation:
    """An independent provider, with no part in the lead provider."""
    return make_organisation(session, "ZPR01", name="Tarn House", kind="independent_provider")


def make_unit(session: Session, provider: Organisation | None = None) -> Unit:
    """A new unit with a site of its own."""
    provider, number = provider or make_provider(session), next(_numbers)
    site = Site(site_code=f"ZS{number}", name="Tarn House", organisation_id=provider.id, postcode="LS1 4AB")
    session.add(site)
    session.flush()
    made = Unit(
        unit_code=f"ZU{number}",
        name="Linden",
        site_id=site.id,
        bed_type="301",
        gender="mixed",
        age_from=13,
        age_to=17,
    )
    session.add(made)
    session.flush()
    return made


def make_person(session: Session, name: str | None = None) -> UserAccount:
    """A new account; it has no password that fits."""
    number = next(_numbers)
    made = UserAccount(
        email=f"person{number}@hub.example",
        name=name or NAMES[number % len(NAMES)],
        password_hash="no password fits",
        created_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def make_membership(
    session: Session,
    role: Role = Role.CASE_MANAGER,
    organisation: Organisation | None = None,
    user: UserAccount | None = None,
    unit: Unit | None = None,
) -> Membership:
    """A membership of a new person (or `user`) at the organisation where such a role is usual (or `organisation`)."""
    if organisation is None:
        usual = make_hub if role in HUB_ROLES else make_referring if role is Role.REFERRER else make_provider
        organisation = usual(session)
    made = Membership(
        user_id=(user or make_person(session)).id,
        organisation_id=organisation.id,
        unit_id=unit.id if unit else None,
        role=role,
        from_on=FIRST_DAY,
    )
    session.add(made)
    session.flush()
    return made


def actor_of(membership: Membership, *, is_on_call: bool = False, on_behalf_of: int | None = None) -> Actor:
    """Who acts when this membership is signed in."""
    session = object_session(membership)
    assert session is not None
    organisation = session.get_one(Organisation, membership.organisation_id)
    return Actor(
        user_id=membership.user_id,
        name=membership.user.name,
        role=Role(membership.role),
        membership_id=membership.id,
        organisation_id=membership.organisation_id,
        unit_id=membership.unit_id,
        is_hub=organisation.is_hub,
        is_on_call=is_on_call,
        on_behalf_of=on_behalf_of,
    )


def make_actor(
    session: Session,
    role: Role = Role.CASE_MANAGER,
    organisation: Organisation | None = None,
    *,
    is_on_call: bool = False,
) -> Actor:
    """A new person of this role where it is usual, or at `organisation`, acting; on call too when said."""
    return actor_of(make_membership(session, role, organisation), is_on_call=is_on_call)


def emergency_values(**changes: Any) -> dict[str, Any]:
    """What a doctor in A&E gives: the emergency minimum and nothing else."""
    return {
        "service_line": "cyp",
        "priority": "emergency",
        "family_name": "Hartwin",
        "given_name": "Isobel",
        "date_of_birth": date(2010, 9, 14),
        "location_kind": "emergency_department",
        "where_now": "A&E, Calder Royal, cubicle 4",
        "immediate_risk": "Has said tonight that she will run",
        "legal_status": "01",
        "consent_basis": "gillick",
        "call_back_number": "01632 960 001",
        "why_it_cannot_wait": "The ward cannot keep her safe tonight",
    } | changes


def referral_values(priority: str = "routine", service_line: str = "cyp", **changes: Any) -> dict[str, Any]:
    """The full set of Form 1, so that nothing is owed after an emergency either; each call is another person."""
    values = emergency_values(priority=priority, service_line=service_line) | {
        "bed_type_wanted": "301",
        "referring_organisation": "ZRF01",
        "referrer_name": "Joy Fenwick",
        "nhs_number": next(_nhs_numbers),
        "postcode": "LS1 4AB",
        "sharing_restricted": False,
        "primary_reason": "01",
        "presenting_problem": "Not eating since January",
        "learning_disability": "5",
        "autism": "5",
    }
    return values | changes


def start_referral(
    session: Session, referrer: Actor | None = None, *, now: datetime = NOW, received: bool = True, **values: Any
) -> Referral:
    """A draft referral of `referrer` (a new one unless given); `values` are its answers, complete ones unless given."""
    referrer = referrer or make_actor(session, Role.REFERRER)
    answers = values or referral_values()
    if received:
        answers = {"received_at": now, **answers}
    party = PartyTo((Capacity.REFERRER,), organisation_id=referrer.organisation_id, why="It referred the person")
    title = f"{answers.get('family_name', '')}, {answers.get('given_name', '')}"
    made: Referral = start(
        session, REFERRAL, referrer, now=now, values=answers, about=Beginning(title=title, parties=[party])
    )
    return made


STEPS: dict[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": ("submit",),
    "in_review": ("submit", "start_review"),
    "returned": ("submit", "start_review", "return_incomplete"),
    "accepted": ("submit", "start_review", "accept"),
    "declined": ("submit", "start_review", "decline"),
    "redirected": ("submit", "start_review", "redirect"),
    "superseded": ("submit", "start_review", "supersede"),
    "withdrawn": ("submit", "withdraw"),
}
ANSWERS: dict[str, dict[str, Any]] = {
    "submit": {"declaration": True},
    "return_incomplete": {"what_is_missing": "The date of the C(E)TR"},
    "decline": {
        "decline_reason": "need_met_in_community",
        "alternative_advice": "Home treatment twice a day",
        "named_clinician": "Piotr Vane, 01632 960 002",
    },
    "redirect": {"redirected_to": "adult_mental_health"},
}
"""Complete answers of each action that asks for some."""
REASON = "It is the right thing to do"


def make_referral(
    session: Session,
    state: str = "submitted",
    *,
    priority: str = "routine",
    service_line: str = "cyp",
    referrer: Actor | None = None,
    now: datetime = NOW,
    step: timedelta = timedelta(0),
    **changes: Any,
) -> Referral:
    """A referral walked to `state` through `perform`, one action every `step` from `now`."""
    referrer = referrer or make_actor(session, Role.REFERRER)
    values = referral_values(priority, service_line, **changes)
    made = start_referral(session, referrer, now=now, **values)
    people = {"submit": referrer, "withdraw": referrer, "supersede": make_actor(session, Role.COORDINATOR)}
    reviewer = make_actor(session, Role.CASE_MANAGER)
    for name in STEPS[state]:
        now += step
        answers = dict(ANSWERS.get(name, {}))
        if name == "supersede":
            answers["superseded_by"] = _another_like(session, values, referrer, now).reference
        perform(session, made, name, people.get(name, reviewer), now=now, values=answers, reason=REASON)
    return made


def _another_like(session: Session, values: dict[str, Any], referrer: Actor, now: datetime) -> Referral:
    other = start_referral(session, referrer, now=now, **values)
    perform(session, other, "submit", referrer, now=now, values=ANSWERS["submit"])
    return other


def signed_in_cookie(session: Session, client: FlaskClient, membership: Membership) -> None:
    """Sign the membership in without the page: a session row, and its cookie in the client."""
    token = start_session(
        session,
        user_id=membership.user_id,
        membership_id=membership.id,
        address="127.0.0.1",
        now=datetime.now(UTC),
    )
    client.set_cookie(client.application.config["HUB_SIGN_IN_COOKIE"], token)
