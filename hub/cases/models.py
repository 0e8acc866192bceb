"""The case and what is dated on it: legal status, and who a sealed case is open to."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Moment
from hub.engine.models import WorkItem
from hub.patients.models import Patient


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
    is_contested: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    patient: Mapped[Patient] = relationship(lazy="raise_on_sql")
    legal_statuses: Mapped[list["LegalStatus"]] = relationship(
        back_populates="case", order_by="LegalStatus.from_on.desc(), LegalStatus.id.desc()"
    )
    open_items: Mapped[list[WorkItem]] = relationship(
        primaryjoin="and_(WorkItem.case_id == CareCase.id, WorkItem.is_open)",
        order_by="WorkItem.next_due_at, WorkItem.id",
        viewonly=True,
    )

    current_status: Mapped["LegalStatus | None"] = relationship(
        primaryjoin="and_(LegalStatus.case_id == CareCase.id, LegalStatus.ended_on.is_(None))",
        viewonly=True,
        uselist=False,
    )


class LegalStatus(Base):
    """One legal status of a person with its dates: history, never a field that is overwritten."""

    __tablename__ = "legal_status"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), index=True)
    code: Mapped[str]
    """National legal status code."""
    from_on: Mapped[date | None]
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_on: Mapped[date | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)

    case: Mapped[CareCase] = relationship(back_populates="legal_statuses")


class CaseSeal(Base):
    """One person whom a sealed case is open to."""

    __tablename__ = "case_seal"

    case_id: Mapped[int] = mapped_column(ForeignKey("care_case.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
