"""An administrator's changes to organisations, sites, units and collaboratives: checked, and kept in the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.codes import codes, known_label
from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change, refuse_if_changed
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.importing import ods_code, postcode, unit_code
from hub.organisations.models import Arm, Collaborative, Organisation, OrganisationKind, Site, Unit, UnitGender
from workflows.actor import Actor
from workflows.core import in_words, upper_first

Values = Mapping[str, Any]
Place = Organisation | Site | Unit | Collaborative
KINDS: Final[Mapping[str, str]] = {
    OrganisationKind.LEAD_PROVIDER: "Lead provider",
    OrganisationKind.HUB: "Hub",
    OrganisationKind.NHS_PROVIDER: "NHS provider",
    OrganisationKind.INDEPENDENT_PROVIDER: "Independent provider",
    OrganisationKind.ACUTE: "Acute hospital",
    OrganisationKind.COMMUNITY: "Community service",
    OrganisationKind.PRIMARY_CARE: "Primary care",
    OrganisationKind.PRISON: "Prison or secure children’s home",
    OrganisationKind.ICB: "ICB",
    OrganisationKind.LOCAL_AUTHORITY: "Local authority",
    OrganisationKind.EDUCATION: "Education",
    OrganisationKind.NHSE: "NHS England",
    OrganisationKind.OTHER: "Other",
}
"""Every kind in words."""
STATUSES: Final = ("planned", "active", "closed")


@dataclass(frozen=True)
class Table:
    """One kind of place: its model, what the history calls it, and its columns in words."""

    model: type[Place]
    subject: Subject
    labels: Mapping[str, str]


ORGANISATION: Final = Table(
    Organisation,
    Subject.ORGANISATION,
    {
        "ods_code": "ODS code",
        "name": "Name",
        "kind": "Kind",
        "parent_id": "Lead provider",
        "arm": "Arm",
        "from_on": "First day",
        "until_on": "Last day",
    },
)
SITE: Final = Table(
    Site,
    Subject.SITE,
    {
        "site_code": "Site code",
        "name": "Name",
        "organisation_id": "Organisation",
        "postcode": "Postcode",
        "until_on": "Last day",
    },
)
UNIT: Final = Table(
    Unit,
    Subject.UNIT,
    {
        "unit_code": "Unit code",
        "name": "Name",
        "site_id": "Site",
        "bed_type": "Type of bed",
        "gender": "Takes",
        "age_from": "Youngest age",
        "age_to": "Oldest age",
        "until_on": "Last day",
    },
)
COLLABORATIVE: Final = Table(
    Collaborative,
    Subject.COLLABORATIVE,
    {
        "name": "Name",
        "service_line": "Service line",
        "lead_organisation_id": "Led by",
        "policy_set": "Policy set",
        "status": "Status",
    },
)


def add_place(session: Session, by: Actor, table: Table, values: Values, *, why: str, now: datetime) -> Any:
    """A new organisation, site, unit or collaborative. ActionRefused names all that is wrong. The caller commits."""
    hold(session, Lock.PLACES)
    clean = _checked(session, table, None, dict(values))
    row = table.model(**clean)
    session.add(row)
    _flush(session)
    log_change(
        session, by, table.subject, row.id, "Added", now=now, new=_said(session, table, row, clean), why=why.strip()
    )
    return row


def change_place(
    session: Session, by: Actor, table: Table, place_id: int, values: Values, *, why: str, now: datetime, seen: int
) -> Any:
    """Change what differs; `seen` is the last change the page knew of.

    ActionRefused names all that is wrong; ChangedMeanwhile when somebody else was quicker. The caller commits.
    """
    hold(session, Lock.PLACES)
    row = session.get_one(table.model, place_id, populate_existing=True)
    refuse_if_changed(session, table.subject, place_id, seen)
    clean = _checked(session, table, row, dict(values))
    differing = {name: value for name, value in clean.items() if getattr(row, name) != value}
    if not differing:
        raise ActionRefused(["Nothing is different from what is recorded"])
    old = _said(session, table, row, differing)
    for name, value in differing.items():
        setattr(row, name, value)
    _flush(session)
    session.refresh(row)
    new = _said(session, table, row, differing)
    what = "Last day changed" if set(differing) == {"until_on"} else "Changed"
    log_change(session, by, table.subject, place_id, what, now=now, old=old, new=new, why=why.strip())
    return row


def _flush(session: Session) -> None:
    """The database has the last word on the arms: people may hold memberships that would then be of both."""
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as wrong:
        if getattr(getattr(wrong.orig, "diag", None), "constraint_name", "") != "ck_organisation_keeps_arms_apart":
            raise
        said = (
            "Somebody would then belong to the hub and to the lead provider's own services. End one of the roles first"
        )
        raise ActionRefused([Problem(said, "arm")]) from None


def _checked(session: Session, table: Table, row: Any, values: dict[str, Any]) -> dict[str, Any]:
    wrong: list[Problem] = []
    if "name" in values:
        values["name"] = " ".join(str(values["name"] or "").replace("\0", "").split())
        if not values["name"]:
            wrong.append(Problem("Enter the name", "name"))
    for name in ("kind", "gender", "bed_type", "service_line", "status"):
        wrong += _not_on_the_list(row, name, values)
    _CHECKS[table.subject](session, row, values, wrong)
    begins = values.get("from_on") or getattr(row, "from_on", None)
    ends = values.get("until_on")
    if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
        wrong.append(Problem("The last day is before the first day", "until_on"))
    if wrong:
        raise ActionRefused(wrong)
    return values


def _not_on_the_list(row: Any, name: str, values: Values) -> list[Problem]:
    if name not in values or (row is not None and getattr(row, name, None) == values[name]):
        return []  # what is recorded already may stay, also when its code has ended since
    lists: dict[str, Any] = {"kind": set(OrganisationKind), "gender": set(UnitGender), "status": STATUSES}
    allowed = lists[name] if name in lists else codes(name)
    return [] if values[name] in allowed else [Problem("Choose one from the list", name)]


def _check_organisation(session: Session, row: Any, values: dict[str, Any], wrong: list[Problem]) -> None:
    if row is None:
        _check_code(session, Organisation, "ods_code", ods_code, values, wrong)
    if row is not None and row.arm == Arm.HUB and values.get("until_on") is not None:
        wrong.append(Problem("This is the hub itself: everybody would be signed out. It cannot end", "until_on"))
    if "arm" not in values and "parent_id" not in values:
        return
    arm, parent_id = values.get("arm") or None, values.get("parent_id") or None
    values["arm"], values["parent_id"] = arm, parent_id
    if arm is not None and parent_id is None:
        wrong.append(Problem("An arm belongs to a lead provider: choose it", "parent_id"))
    twin = session.scalar(
        select(Organisation).where(Organisation.parent_id == parent_id, Organisation.arm == arm) if arm else _nothing()
    )
    if twin is not None and (row is None or twin.id != row.id):
        wrong.append(Problem(f"The lead provider has a {arm} arm already: {twin.name}", "arm"))
    if row is not None and row.arm == Arm.HUB and arm != Arm.HUB:
        wrong.append(Problem("This is the hub itself: its people would lose their roles. It stays the hub arm", "arm"))
    above, seen = parent_id, set()
    while above is not None and above not in seen:
        if row is not None and above == row.id:
            wrong.append(Problem("The organisations above this one lead back to it", "parent_id"))
            break
        seen.add(above)
        above = session.scalar(select(Organisation.parent_id).where(Organisation.id == above))


def _check_site(session: Session, row: Any, values: dict[str, Any], wrong: list[Problem]) -> None:
    if row is None:
        _check_code(session, Site, "site_code", ods_code, values, wrong)
    if "postcode" in values:
        read = postcode(str(values["postcode"] or ""))
        if read is None:
            wrong.append(Problem("This is not a postcode: write it like LS1 4AP", "postcode"))
        values["postcode"] = read


def _check_unit(session: Session, row: Any, values: dict[str, Any], wrong: list[Problem]) -> None:
    if row is None:
        _check_code(session, Unit, "unit_code", unit_code, values, wrong)
    youngest, oldest = values.get("age_from"), values.get("age_to")
    for name, age in (("age_from", youngest), ("age_to", oldest)):
        if name in values and not (isinstance(age, int) and 0 <= age <= 120):
            wrong.append(Problem("Write an age in whole years, from 0 to 120", name))
    if isinstance(youngest, int) and isinstance(oldest, int) and oldest < youngest:
        wrong.append(Problem(f"The oldest age, {oldest}, is below the youngest, {youngest}", "age_to"))


def _check_collaborative(session: Session, row: Any, values: dict[str, Any], wrong: list[Problem]) -> None:
    twin = session.scalar(select(Collaborative).where(Collaborative.name == values.get("name")))
    if twin is not None and (row is None or twin.id != row.id):
        wrong.append(Problem("There is a collaborative of this name already", "name"))


_CHECKS: Final[Mapping[Subject, Callable[[Session, Any, dict[str, Any], list[Problem]], None]]] = {
    Subject.ORGANISATION: _check_organisation,
    Subject.SITE: _check_site,
    Subject.UNIT: _check_unit,
    Subject.COLLABORATIVE: _check_collaborative,
}


def _check_code(
    session: Session,
    model: Any,
    name: str,
    read: Callable[[str], str | None],
    values: dict[str, Any],
    wrong: list[Problem],
) -> None:
    """A code of the right form that nothing else has. It never changes: imports and other systems know it."""
    typed = str(values.get(name) or "").replace("\0", "").strip()
    code = read(typed)
    if code is None:
        size = "2 to 20 letters, digits and hyphens" if name == "unit_code" else "3 to 12 letters and digits"
        wrong.append(Problem(f"The code must be {size}", name))
        return
    values[name] = code
    twin = session.scalar(select(model).where(getattr(model, name) == code))
    if twin is not None:
        wrong.append(Problem(f"{code} is the code of {twin.name} already", name))


def _said(session: Session, table: Table, row: Any, names: Values) -> dict[str, Any]:
    """The values of some columns in words, by what the page calls them."""
    return {table.labels[name]: in_words_of(session, name, getattr(row, name)) for name in names}


def in_words_of(session: Session, name: str, value: Any) -> Any:
    """One value as the history keeps it: names for numbers of rows, labels for codes."""
    if value is None:
        return None
    if isinstance(value, Organisation | Site):
        return value.name
    if name in {"parent_id", "organisation_id", "lead_organisation_id"}:
        return session.get_one(Organisation, value).name
    if name == "site_id":
        return session.get_one(Site, value).name
    if name in {"bed_type", "service_line"}:
        return known_label(name, value)
    if name == "kind":
        return kind_words(value)
    return in_words(value) if name in {"arm", "gender", "status", "level", "admissions"} else value


def kind_words(kind: str) -> str:
    """A kind in words, one that is not among them as it is written."""
    return KINDS.get(kind) or upper_first(in_words(kind))


def _nothing() -> Any:
    return select(Organisation).where(Organisation.id.is_(None))
