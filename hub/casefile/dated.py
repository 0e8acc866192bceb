"""What is dated on a case and its items (law, alerts, moves, clocks), gathered inside the statement that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlalchemy.orm import aliased

from hub.accounts.models import UserAccount
from hub.cases.models import CaseAlert, LegalStatus
from hub.engine.models import Clock, ItemParty, Transition, WorkItem
from hub.engine.visibility import history_seen_by
from hub.referrals.models import Referral
from workflows.actor import Actor

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One entry of the legal history, with the names of who recorded and who corrected it."""

    id: int
    code: str
    from_on: date | None
    expires_at: datetime | None
    ended_on: date | None
    recorded_at: datetime
    recorded_by: str
    corrected_at: datetime | None
    corrected_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """One alert, with the names of who recorded and who ended it."""

    id: int
    text: str
    detail: str
    recorded_at: datetime
    recorded_by: str
    ended_at: datetime | None
    ended_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """An item came into a state."""

    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock of an item. `pauses` are (from, until or None while it lasts)."""

    due_at: datetime
    stopped_at: datetime | None
    is_paused: bool
    pauses: tuple[tuple[datetime, datetime | None], ...]


@dataclass(slots=True)
class LiveParty:
    """A live party of an item, as far as what it may see depends on it."""

    organisation_id: int | None
    unit_id: int | None
    user_id: int | None
    capacities: tuple[str, ...]
    until_at: datetime | None = None


def statuses_of(case_id: Any) -> ColumnElement[Any]:
    """The legal history of a case as one JSON column."""
    by, corrected_by = aliased(UserAccount), aliased(UserAccount)
    fields = {
        "id": LegalStatus.id,
        "code": LegalStatus.code,
        "from_on": LegalStatus.from_on,
        "expires_at": LegalStatus.expires_at,
        "ended_on": LegalStatus.ended_on,
        "recorded_at": LegalStatus.recorded_at,
        "recorded_by": by.name,
        "corrected_at": LegalStatus.corrected_at,
        "corrected_by": corrected_by.name,
        "reason": LegalStatus.correction_reason,
    }
    rows = (
        select(gathered(fields, LegalStatus.id))
        .select_from(LegalStatus)
        .outerjoin(by, by.id == LegalStatus.recorded_by_id)
        .outerjoin(corrected_by, corrected_by.id == LegalStatus.corrected_by_id)
        .where(LegalStatus.case_id == case_id)
    )
    return rows.correlate_except(LegalStatus, by, corrected_by).scalar_subquery()


def alerts_of(case_id: Any) -> ColumnElement[Any]:
    """Every alert of a case, ended ones too, as one JSON column."""
    by, ended_by = aliased(UserAccount), aliased(UserAccount)
    fields = {
        "id": CaseAlert.id,
        "text": CaseAlert.text,
        "detail": CaseAlert.detail,
        "recorded_at": CaseAlert.recorded_at,
        "recorded_by": by.name,
        "ended_at": CaseAlert.ended_at,
        "ended_by": ended_by.name,
        "reason": CaseAlert.end_reason,
    }
    rows = (
        select(gathered(fields, CaseAlert.id))
        .select_from(CaseAlert)
        .outerjoin(by, by.id == CaseAlert.recorded_by_id)
        .outerjoin(ended_by, ended_by.id == CaseAlert.ended_by_id)
        .where(CaseAlert.case_id == case_id)
    )
    return rows.correlate_except(CaseAlert, by, ended_by).scalar_subquery()


def moves_of_item(actor: Actor) -> ColumnElement[Any]:
    """Into which states an item came, and when, as this actor may read it; one JSON column."""
    fields = {"at": Transition.at, "state": Transition.to_state}
    rows = select(gathered(fields, Transition.position)).where(
        Transition.item_id == WorkItem.id,
        Transition.from_state.is_distinct_from(Transition.to_state),
        history_seen_by(actor),
    )
    return rows.correlate(WorkItem).scalar_subquery()


def clocks_of_item() -> ColumnElement[Any]:
    """Every clock of an item; one JSON column."""
    fields = {
        "due_at": Clock.due_at,
        "stopped_at": Clock.stopped_at,
        "paused_at": Clock.paused_at,
        "pauses": Clock.pauses,
    }
    rows = select(gathered(fields, Clock.id)).where(Clock.item_id == WorkItem.id)
    return rows.correlate(WorkItem).scalar_subquery()


def parties_of_item() -> ColumnElement[Any]:
    """The live parties of an item; one JSON column."""
    names = ("organisation_id", "unit_id", "user_id", "capacities")
    fields = {name: getattr(ItemParty, name) for name in names}
    rows = select(gathered(fields, ItemParty.id)).where(ItemParty.item_id == WorkItem.id, ItemParty.until_at.is_(None))
    return rows.correlate(WorkItem).scalar_subquery()


def where_now(case_id: Any) -> ColumnElement[str | None]:
    """Where the newest referral of a case that was sent says the person is."""
    base, own = WorkItem.__table__.alias(), Referral.__table__
    newest = (
        select(own.c.where_now)
        .join(base, base.c.id == own.c.id)
        .where(base.c.case_id == case_id, base.c.is_draft.is_(False), own.c.where_now.is_not(None))
        .order_by(base.c.id.desc())
        .limit(1)
    )
    return newest.correlate_except(base, own).scalar_subquery()


def name_of(user_id: Any) -> ColumnElement[str | None]:
    """The name behind an account's id."""
    person = aliased(UserAccount)
    return select(person.name).where(person.id == user_id).correlate_except(person).scalar_subquery()


def gathered(fields: Mapping[str, Any], order: Any) -> ColumnElement[Any]:
    """Rows as one JSON list of objects with these fields, in order; an empty list for none."""
    pairs = [part for name, column in fields.items() for part in (literal(name), column)]
    rows = func.json_agg(aggregate_order_by(func.json_build_object(*pairs), order), type_=JSON)
    return func.coalesce(rows, text("'[]'::json"), type_=JSON)


def status_entries(rows: Sequence[Row]) -> list[StatusEntry]:
    """The legal history, the latest recorded first."""
    entries = [
        StatusEntry(
            id=row["id"],
            code=row["code"],
            from_on=_day(row["from_on"]),
            expires_at=moment_of(row["expires_at"]),
            ended_on=_day(row["ended_on"]),
            recorded_at=datetime.fromisoformat(row["recorded_at"]),
            recorded_by=row["recorded_by"] or "",
            corrected_at=moment_of(row["corrected_at"]),
            corrected_by=row["corrected_by"] or "",
            reason=row["reason"] or "",
        )
        for row in rows
    ]
    # What is in force first, then backwards in time.
    return sorted(entries, key=lambda row: (row.ended_on or date.max, row.from_on or date.min, row.id), reverse=True)


def alert_entries(rows: Sequence[Row]) -> list[AlertEntry]:
    """The alerts in the order they were recorded."""
    return [
        AlertEntry(
            id=row["id"],
            text=row["text"],
            detail=row["detail"],
            recorded_at=datetime.fromisoformat(row["recorded_at"]),
            recorded_by=row["recorded_by"] or "",
            ended_at=moment_of(row["ended_at"]),
            ended_by=row["ended_by"] or "",
            reason=row["reason"] or "",
        )
        for row in rows
    ]


def moves(rows: Sequence[Row]) -> tuple[Move, ...]:
    """An item's moves in order."""
    return tuple(Move(datetime.fromisoformat(row["at"]), row["state"]) for row in rows)


def parties(rows: Sequence[Row]) -> tuple[LiveParty, ...]:
    """An item's live parties in order."""
    return tuple(LiveParty(**{**row, "capacities": tuple(row["capacities"])}) for row in rows)


def promises(rows: Sequence[Row]) -> tuple[Promise, ...]:
    """An item's clocks in order."""
    return tuple(
        Promise(
            due_at=datetime.fromisoformat(row["due_at"]),
            stopped_at=moment_of(row["stopped_at"]),
            is_paused=row["paused_at"] is not None,
            pauses=tuple((datetime.fromisoformat(each["from"]), moment_of(each["to"])) for each in row["pauses"]),
        )
        for row in rows
    )


def _day(given: str | None) -> date | None:
    return date.fromisoformat(given) if given else None


def moment_of(given: str | None) -> datetime | None:
    """A moment as a JSON column holds it."""
    return datetime.fromisoformat(given) if given else None
