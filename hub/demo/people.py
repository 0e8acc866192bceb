"""The demo's people: an invented person for every role, all with one password, and who is on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.on_call import add_shift
from hub.accounts.passwords import hash_password
from hub.accounts.services import add_membership
from hub.organisations.models import Collaborative, CollaborativeMember, Organisation
from hub.organisations.queries import find_organisation, find_unit
from workflows.actor import Actor
from workflows.durations import LONDON, local
from workflows.roles import Role

PASSWORD: Final = "three green boats"  # noqa: S105 - the demo's, printed for everybody
HUB: Final = "ZD002"
LEAD: Final = "ZD001"
SINCE: Final = timedelta(days=3 * 365)
"""How long everybody has been in post, so that they could do what the past year holds."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person with one role: where, and for people of a unit, which; without one, every unit of a provider."""

    name: str
    role: Role
    ods_code: str = HUB
    unit_code: str = ""
    also: str = ""
    """What the sign-in list says beside the role."""

    @property
    def email(self) -> str:
        """An address under .test, a domain that no mail ever reaches."""
        words = self.name.removeprefix("Dr ").lower().replace("'", "").split()
        return f"{'.'.join(words)}@{self.ods_code.lower()}.nhs.test"


PEOPLE: Final = (
    Person("Dele Okafor", Role.COORDINATOR),
    Person("Morag Tennant", Role.COORDINATOR),
    Person("Priya Nandakumar", Role.CASE_MANAGER),
    Person("Karen Stott", Role.CASE_MANAGER),
    Person("Owen Tait", Role.CASE_MANAGER),
    Person("Dr Ewan Sallis", Role.CLINICAL_REVIEWER),
    Person("Colin Birtles", Role.FINANCE_LEAD),
    Person("Ruth Calloway", Role.HEAD_OF_COMMISSIONING),
    Person("Helen Ashdown", Role.DIRECTOR),
    Person("Tunde Bakare", Role.QUALITY_LEAD),
    Person("Martin Illingworth", Role.QUALITY_LEAD, also="on call now"),
    Person("Dr Anneke Vos", Role.QUALITY_GROUP_CHAIR),
    Person("Bridget Farrow", Role.FAMILY_LIAISON),
    Person("Nikhil Sarin", Role.INFORMATION_GOVERNANCE),
    Person("Sam Ridley", Role.ADMINISTRATOR),
    Person("Hilary Sugden", Role.UNIT_MANAGER, "ZD003", "ZD003A-1", also="Calder Vale Young People's Unit"),
    Person("Grace Lindley", Role.UNIT_MANAGER, "ZD101", "ZD101A-1", also="Ashgill Young People's Unit"),
    Person("Moira Fenwick", Role.UNIT_MANAGER, "ZD102", also="every unit of Tynemoor Trust"),
    Person("Gareth Tyson", Role.UNIT_MANAGER, "ZD103", "ZD103A-1", also="Fellgate Unit"),
    Person("Lorna Keld", Role.UNIT_MANAGER, "ZD104", "ZD104A-1", also="Wolds View"),
    Person("Owain Pryce", Role.UNIT_MANAGER, "ZD111", "ZD111A-1", also="Moorhen Lodge"),
    Person("Sunita Raval", Role.UNIT_MANAGER, "ZD112", "ZD112A-1", also="Tarn House"),
    Person("Derek Stainby", Role.UNIT_MANAGER, "ZD113", "ZD113A-1", also="Skelbeck Hospital"),
    Person("Paula Winship", Role.UNIT_MANAGER, "ZD114", "ZD114A-1", also="Marram House"),
    Person("Dr Samuel Oyelaran", Role.UNIT_CLINICIAN, "ZD101", "ZD101A-1", also="Ashgill Young People's Unit"),
    Person("Dr Tessa Ollerby", Role.UNIT_CLINICIAN, "ZD112", "ZD112A-1", also="Tarn House"),
    Person("Dr Rafe Cuthwin", Role.UNIT_CLINICIAN, "ZD102", "ZD102A-4", also="Kittiwake Ward"),
    Person("Dr Fiona Abara", Role.ACCESS_ASSESSOR, "ZD003"),
    Person("Imran Sadiq", Role.ACCESS_ASSESSOR, "ZD102"),
    Person("Dr Conrad Hale", Role.ACCESS_ASSESSOR, "ZD104"),
    Person("Joanne Pickles", Role.PROVIDER_QUALITY_LEAD, "ZD112"),
    Person("Bronwen Achterley", Role.PROVIDER_QUALITY_LEAD, "ZD111"),
    Person("Dr Nia Probert", Role.REFERRER, "ZD201"),
    Person("Dr Marianne Idowu", Role.REFERRER, "ZD501"),
    Person("Tess Amberley", Role.REFERRER, "ZD205"),
    Person("Ken Haddow", Role.REFERRER, "ZD601"),
    Person("Farida Noon", Role.FUNDER, "ZD301"),
    Person("Alan Threlkeld", Role.FUNDER, "ZD401"),
    Person("Robert Annis", Role.FUNDER, "ZD401"),
    Person("Dr Judith Marsden", Role.OUTSIDE_MEMBER, "ZD701"),
    Person("Anne Wroe", Role.OUTSIDE_MEMBER, "ZD302"),
)
SHIFTS: Final = (
    ("Helen Ashdown", "Karen Stott", -15 * 24, -8 * 24),
    ("Martin Illingworth", "Tunde Bakare", -8 * 24, -2 * 24),
    ("Martin Illingworth", "Tunde Bakare", -2 * 24, 3 * 24),
    ("Helen Ashdown", "", 3 * 24 + 8, 9 * 24),
)
"""Who, deputy, and from when until when: hours from nine o'clock today. Nobody is on call for eight hours of day 3."""
COLLABORATIVES: Final = (
    (
        "Calder and Dales children and young people's collaborative",
        "cyp",
        ("ZD101", "ZD111", "ZD112", "ZD113"),
    ),
    ("Calder and Dales adult secure collaborative", "secure", ("ZD102", "ZD113")),
    ("Calder and Dales adult eating disorder collaborative", "aed", ("ZD101", "ZD103")),
)
"""Name, service line and the providers that belong to it beside the lead's own arms; the others are outside."""
LEFT: Final = ("cyp", "ZD103", timedelta(days=200))
"""A provider that once belonged to one, and how long ago its last day was."""


def sign_ins() -> list[tuple[str, str, str]]:
    """E-mail, name and role in words of everybody, in the order in which they are listed."""
    return [(person.email, person.name, ", ".join(filter(None, (person.role.label, person.also)))) for person in PEOPLE]


def make_people(session: Session, now: datetime) -> dict[str, Actor]:
    """Accounts and memberships for everybody; gives who acts by name, as signed in."""
    # One password, hashed once: for each of forty people it would be two seconds of nothing.
    hashed = hash_password(PASSWORD)
    return {person.name: _make(session, person, now, hashed) for person in PEOPLE}


def _make(session: Session, person: Person, now: datetime, hashed: str) -> Actor:
    place = _place(session, person.ods_code)
    unit = find_unit(session, person.unit_code) if person.unit_code else None
    account = UserAccount(
        email=person.email, name=person.name, password_hash=hashed, is_active=True, created_at=now - SINCE
    )
    session.add(account)
    session.flush()
    membership = add_membership(
        session,
        user_id=account.id,
        organisation_id=place.id,
        role=person.role,
        from_on=local(now - SINCE).date(),
        unit_id=unit.id if unit else None,
    )
    return Actor(
        user_id=account.id,
        name=person.name,
        role=person.role,
        membership_id=membership.id,
        organisation_id=place.id,
        unit_id=membership.unit_id,
        is_hub=place.is_hub,
    )


def make_rota(session: Session, people: dict[str, Actor], now: datetime) -> None:
    """The rota of the last weeks and to the ninth day from now, with one gap to come for the pages to point at."""
    at_nine = datetime.combine(local(now).date(), time(9), LONDON)
    accounts = {
        name: session.get_one(UserAccount, people[name].user_id)
        for name in ("Helen Ashdown", "Martin Illingworth", "Tunde Bakare", "Karen Stott")
    }
    for name, deputy, first, last in SHIFTS:
        add_shift(
            session,
            user=accounts[name],
            deputy=accounts[deputy] if deputy else None,
            from_at=at_nine + timedelta(hours=first),
            until_at=at_nine + timedelta(hours=last),
        )


def make_collaboratives(session: Session, now: datetime) -> None:
    """One collaborative for each service line, led by the lead provider, and the providers in it."""
    since, today = local(now - SINCE).date(), local(now).date()
    for name, line, members in COLLABORATIVES:
        lead = _place(session, LEAD)
        made = Collaborative(name=name, service_line=line, lead_organisation=lead, policy_set="default")
        made.members = [CollaborativeMember(organisation=_place(session, code), from_on=since) for code in members]
        if line == LEFT[0]:
            until = today - LEFT[2]
            former = CollaborativeMember(organisation=_place(session, LEFT[1]), from_on=since, until_on=until)
            made.members.append(former)
        session.add(made)
    session.flush()


def in_collaborative(ods_code: str, line: str, at: datetime, now: datetime) -> bool:
    """Whether an organisation belonged to the collaborative of a service line at that moment; the lead's arms do."""
    members = next(codes for _, of_line, codes in COLLABORATIVES if of_line == line)
    was_in = (line, ods_code) == LEFT[:2] and local(at).date() <= local(now).date() - LEFT[2]
    return ods_code in {*members, "ZD003"} or was_in


def _place(session: Session, code: str) -> Organisation:
    found = find_organisation(session, code)
    if found is None:
        raise LookupError(f"{code} is not among the demo's organisations")
    return found
