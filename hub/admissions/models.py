"""The admission table: Form 2, the recommendation, and the decision with its authority."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.admissions.form2_columns import Form2Columns
from hub.cases.models import CareCase
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.organisations.models import Organisation
from workflows.admission import ADMISSION
from workflows.admission.guards import LONGEST_STAY
from workflows.admission.money import estimated_cost_pence, why_contested


class Admission(Form2Columns, WorkItem):
    """An admission decision: how it was assessed, what was recommended, and what was decided by whom."""

    __tablename__ = "admission"
    workflow = ADMISSION
    needs_loaded: ClassVar[tuple[str, ...]] = ("case", "documents")

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    received_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the hub received the referral: the assessment's time counts from here."""
    pauses_before: Mapped[list[Any] | None]
    """The referral's pauses, as its clock kept them: they do not count against the assessment."""
    immediate_risk: Mapped[str | None]

    assessing_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    booked_assessor: Mapped[str | None]
    booked_for: Mapped[datetime | None] = mapped_column(Moment)
    assessment_how: Mapped[str | None]
    assessment_where: Mapped[str | None]

    is_appropriate: Mapped[bool | None]
    outcome_comments: Mapped[str | None]
    only_for_lack_of_services: Mapped[bool | None]
    missing_service: Mapped[str | None]
    missing_service_details: Mapped[str | None]
    paper_signed_by: Mapped[str | None]
    paper_signed_at: Mapped[datetime | None] = mapped_column(Moment)
    paper_kept_at: Mapped[str | None]
    form2_signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    form2_signed_role: Mapped[str | None]
    form2_signed_at: Mapped[datetime | None] = mapped_column(Moment)

    recommendation: Mapped[str | None]
    alternatives_considered: Mapped[str | None]
    purpose: Mapped[str | None]
    bed_type: Mapped[str | None]
    expected_length_weeks: Mapped[int | None]
    exit_plan: Mapped[str | None]
    recommended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recommended_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recommended_role: Mapped[str | None]
    recommended_at: Mapped[datetime | None] = mapped_column(Moment)

    question: Mapped[str | None]
    asked_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    answer_due_at: Mapped[datetime | None] = mapped_column(Moment)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    asked_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    asked_role: Mapped[str | None]
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    answer_given: Mapped[str | None]
    objection_by: Mapped[str | None]
    objection: Mapped[str | None]
    new_facts: Mapped[str | None]

    responsible_commissioner: Mapped[str | None]
    """ODS code."""
    funding_source: Mapped[str | None]
    conditions: Mapped[str | None]
    alternative: Mapped[str | None]
    alternative_provider: Mapped[str | None]
    contingency: Mapped[str | None]
    advice: Mapped[str | None]
    dispute_route: Mapped[str | None]
    has_interest: Mapped[bool | None]
    interest: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_role: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    why_it_cannot_wait: Mapped[str | None]
    clinician_in_charge: Mapped[str | None]
    admitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    admitted_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    admitted_role: Mapped[str | None]
    admitted_at: Mapped[datetime | None] = mapped_column(Moment)
    ratified_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ratified_role: Mapped[str | None]
    ratified_at: Mapped[datetime | None] = mapped_column(Moment)
    ratification_refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ratification_refused_role: Mapped[str | None]
    ratification_refused_at: Mapped[datetime | None] = mapped_column(Moment)
    tonight: Mapped[str | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    referral: Mapped[Any] = relationship(
        "Referral", primaryjoin="foreign(Admission.parent_id) == Referral.id", viewonly=True, uselist=False
    )
    """What it was opened from; another feature's table, so by name."""
    assessing: Mapped[Organisation | None] = relationship(foreign_keys=[assessing_organisation_id], viewonly=True)
    asked: Mapped[Organisation | None] = relationship(foreign_keys=[asked_organisation_id], viewonly=True)
    commissioner: Mapped[Organisation | None] = relationship(
        primaryjoin="foreign(Admission.responsible_commissioner) == Organisation.ods_code", viewonly=True
    )

    form2_signed_by: Mapped[UserAccount | None] = relationship(foreign_keys=[form2_signed_by_id], viewonly=True)
    recommended_by: Mapped[UserAccount | None] = relationship(foreign_keys=[recommended_by_id], viewonly=True)
    asked_by: Mapped[UserAccount | None] = relationship(foreign_keys=[asked_by_id], viewonly=True)
    decided_by: Mapped[UserAccount | None] = relationship(foreign_keys=[decided_by_id], viewonly=True)
    admitted_by: Mapped[UserAccount | None] = relationship(foreign_keys=[admitted_by_id], viewonly=True)
    ratified_by: Mapped[UserAccount | None] = relationship(foreign_keys=[ratified_by_id], viewonly=True)

    __mapper_args__ = {"polymorphic_identity": "admission"}
    __table_args__: Any = (
        CheckConstraint(f"expected_length_weeks BETWEEN 1 AND {LONGEST_STAY}", name="length_in_weeks"),
    )

    @property
    def estimated_cost_pence(self) -> int | None:
        """What an admission of the recommended type and length would cost in all; None before it is recommended."""
        return estimated_cost_pence(self.policy, self.bed_type, self.expected_length_weeks)

    @property
    def why_contested(self) -> tuple[str, ...]:
        """Why it is contested, one sentence each; none when it is not."""
        return why_contested(self)
