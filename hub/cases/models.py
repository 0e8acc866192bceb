"""The case and what is dated on it: legal status, alerts, and who a sealed case is open to."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint, aggregate_order_by
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from hub.db import Base, Moment
from hub.engine.models import WorkItem
from hub.patients.models import Patient


class CaseAlert(Base):
    """What everybody who meets the person must know first, such as an allergy: dated, and never rubbed out."""

    __tablename__ = "case_alert"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), index=True)
    text: Mapped[str]
    """A few words, as the banner shows them."""
    detail: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    end_reason: Mapped[str | None]


class CareCase(Base):
    """A person's time under the hub for one service line; at most one is open. It moves no further by itself."""

    __tablename__ = "care_case"
    __table_args__ = (
        Index(
            "uq_care_case_open", "patient_id", "service_line", unique=True, postgresql_where=text("closed_at IS NULL")
        ),
        Index("ix_care_case_patient", "patient_id", "id"),
    )
    prefix: ClassVar[str] = "CAS"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    service_line: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Who opened it by hand; empty when a referral did."""
    opened_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Whom they stood in for, here and of every other `_for_id`: hub/engine/on_behalf.py fills them in."""
    open_reason: Mapped[str | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    closed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    close_reason: Mapped[str | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("care_case.id"))
    """The case that took in everything of this one, when two records of one person were made one."""
    is_sealed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    priority: Mapped[str | None]
    received_at: Mapped[datetime | None] = mapped_column(Moment)
    form2_signed_at: Mapped[datetime | None] = mapped_column(Moment)
    emergency_route_at: Mapped[datetime | None] = mapped_column(Moment)
    consent_basis: Mapped[str | None]
    lawful_basis: Mapped[str | None]
    sharing_restricted: Mapped[bool | None]
    sharing_restriction_details: Mapped[str | None]
    care_coordinator_name: Mapped[str | None]
    consultant_name: Mapped[str | None]
    responsible_icb: Mapped[str | None]
    learning_disability: Mapped[str | None]
    autism: Mapped[str | None]
    family_told: Mapped[bool | None]
    family_not_told_why: Mapped[str | None]
    is_contested: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    patient: Mapped[Patient] = relationship(lazy="raise_on_sql")
    merged_into: Mapped["CareCase | None"] = relationship(remote_side=[id], viewonly=True)
    legal_statuses: Mapped[list["LegalStatus"]] = relationship(
        back_populates="case", order_by="LegalStatus.from_on.desc(), LegalStatus.id.desc()"
    )
    open_items: Mapped[list[WorkItem]] = relationship(
        primaryjoin="and_(WorkItem.case_id == CareCase.id, WorkItem.is_open)",
        order_by="WorkItem.next_due_at, WorkItem.id",
        viewonly=True,
    )

    alert_texts: Mapped[list[str] | None] = column_property(
        select(func.array_agg(aggregate_order_by(CaseAlert.text, CaseAlert.id)))
        .where(CaseAlert.case_id == id, CaseAlert.ended_at.is_(None))
        .correlate_except(CaseAlert)
        .scalar_subquery(),
        deferred=True,
    )
    """The alerts in force, the oldest first, for the banner; `banner_loads` reads them in the item's own statement."""
    current_status: Mapped["LegalStatus | None"] = relationship(
        primaryjoin=(
            "and_(LegalStatus.case_id == CareCase.id, LegalStatus.ended_on.is_(None), "
            "LegalStatus.corrected_at.is_(None))"
        ),
        viewonly=True,
        uselist=False,
    )


class LegalStatus(Base):
    """One legal status of a person with its dates: history, never a field that is overwritten.

    An entry that was wrong is corrected by another one and stays, with who corrected it, when and why.
    """

    __tablename__ = "legal_status"
    __table_args__ = (
        Index(
            "uq_legal_status_current",
            "case_id",
            unique=True,
            postgresql_where=text("ended_on IS NULL AND corrected_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), index=True)
    code: Mapped[str]
    """National legal status code."""
    from_on: Mapped[date | None]
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_on: Mapped[date | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    corrected_at: Mapped[datetime | None] = mapped_column(Moment)
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    corrected_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    correction_reason: Mapped[str | None]

    case: Mapped[CareCase] = relationship(back_populates="legal_statuses")


class CaseStay(Base):
    """A person's time on a ward, from when until when; of one person no two overlap, and the database sees to it.

    A fact with dates: an entry that was wrong, or has ended since, is corrected by another one and stays.
    """

    __tablename__ = "case_stay"
    __table_args__ = (
        ExcludeConstraint(
            (text("int4range(patient_id, patient_id, '[]')"), "&&"),
            (text("tstzrange(from_at, until_at, '[)')"), "&&"),
            name="ex_case_stay_overlap",
            using="gist",
            where=text("corrected_at IS NULL"),
        ),
        CheckConstraint("until_at > from_at", name="ends_after_it_begins"),
        CheckConstraint("num_nonnulls(unit_id, hospital) = 1", name="unit_or_hospital"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    hospital: Mapped[str | None]
    """The ward and hospital in words, where the hub does not know the unit."""
    from_at: Mapped[datetime] = mapped_column(Moment)
    until_at: Mapped[datetime | None] = mapped_column(Moment)
    """The moment it ended, which is no longer part of it: a transfer begins where the stay before ends."""
    why: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    corrected_at: Mapped[datetime | None] = mapped_column(Moment)
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    corrected_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    correction_reason: Mapped[str | None]


class CaseSeal(Base):
    """One person whom a sealed case is open to."""

    __tablename__ = "case_seal"

    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
