"""The banner that never scrolls away: who it is, under what law, and what must not be shared."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import g
from sqlalchemy.orm import joinedload

from hub.cases.models import CareCase, LegalStatus
from hub.codes import label
from hub.web.filters import count, day
from workflows.durations import local


@dataclass(frozen=True, slots=True)
class Banner:
    """What the person banner shows; made from a case, or from a referral that has no case yet."""

    surname: str | None
    given_names: str | None
    preferred_name: str | None
    born_on: date | None
    nhs_number: str | None
    called: str
    case_reference: str = ""
    law: tuple[str, str, str] | None = None
    """Status, when it ends, and how far off that is."""
    restriction: str = ""
    alerts: tuple[str, ...] = ()
    """Short words of each alert in force, for the hub alone."""


def banner_loads(case: Any) -> tuple[Any, ...]:
    """What an item's own statement must load for its banner. `case` is the item's relation: `Referral.case`."""
    return (
        joinedload(case).joinedload(CareCase.patient),
        joinedload(case).joinedload(CareCase.current_status),
        joinedload(case).undefer(CareCase.alert_texts),
    )


def banner_of_case(case: CareCase, now: datetime, *, is_hub: bool, form: Any = None) -> Banner:
    """The banner of a case whose patient, current status and alerts are loaded (see `banner_loads`).

    To a party outside the hub it says that sharing is restricted, but what another organisation recorded stays with
    the hub: everything else is as in its own `form`, the name too, or a number alone would tell whose it is.
    """
    if is_hub:
        return _whole(case, now)
    own = banner_of_form(form) if form is not None else UNKNOWN
    restriction = "ask the hub before you share" if _restriction(case) else ""
    return replace(own, case_reference=case.reference, restriction=own.restriction or restriction)


def banner_of_item(item: Any, form: Any = None) -> Banner | None:
    """The banner for who asks now of an item whose `case` is loaded by `banner_loads`; None while it has no case."""
    return banner_of_case(item.case, g.now, is_hub=g.actor.is_hub, form=form) if item.case is not None else None


UNKNOWN = Banner(None, None, None, None, None, called="this person")
"""For a party whose items say nothing of who it is."""


def _whole(case: CareCase, now: datetime) -> Banner:
    patient = case.patient
    return Banner(
        surname=patient.family_name,
        given_names=patient.given_name,
        preferred_name=patient.preferred_name,
        born_on=patient.date_of_birth,
        nhs_number=patient.nhs_number,
        called=patient.called,
        case_reference=case.reference,
        law=law_of(case.current_status, now),
        restriction=_restriction(case),
        alerts=tuple(case.alert_texts or ()),
    )


def banner_of_form(facts: Any) -> Banner:
    """The banner of a referral not sent yet: what was typed so far."""
    return Banner(
        surname=facts.family_name,
        given_names=facts.given_name,
        preferred_name=facts.preferred_name,
        born_on=facts.date_of_birth,
        nhs_number=facts.nhs_number,
        called=facts.preferred_name or facts.given_name or "this person",
        law=(label("legal_status", facts.legal_status), "", "") if facts.legal_status else None,
        restriction=_restriction(facts),
    )


def law_of(status: LegalStatus | None, now: datetime) -> tuple[str, str, str] | None:
    """A legal status as the banner has it: its name, when it ends, and how far off that is."""
    if status is None:
        return None
    named = label("legal_status", status.code)
    if status.expires_at is None:
        return named, "", ""
    if status.expires_at <= now:
        return named, f"ran out {day(status.expires_at)}", "check it"
    left = (local(status.expires_at).date() - local(now).date()).days
    return named, f"ends {day(status.expires_at)}", f"{count(left, 'day')} left" if left else "today"


def _restriction(facts: Any) -> str:
    return str(facts.sharing_restriction_details or "ask before you share") if facts.sharing_restricted else ""
