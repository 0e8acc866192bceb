"""The referral table."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.organisations.models import Organisation
from hub.referrals.form1_columns import Form1Columns
from workflows.referral import REFERRAL


class Referral(Form1Columns, WorkItem):
    """A referral: Form 1 as it was entered, and what the review said."""

    __tablename__ = "referral"
    workflow = REFERRAL
    needs_loaded: ClassVar[tuple[str, ...]] = ("case.open_items",)

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    received_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the hub had it; its first clock counts from here."""
    source_system: Mapped[str | None]
    source_reference: Mapped[str | None]
    fingerprint: Mapped[str | None]
    """Of the imported row's content: the same reference with other content is refused."""
    begun_from: Mapped[str | None]
    """The token of the page it was begun on: sent twice, that page still makes one referral."""
    what_is_missing: Mapped[str | None]
    fields_asked_for: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Names of the Form 1 answers the hub asked for when it sent the form back."""
    decline_reason: Mapped[str | None]
    alternative_advice: Mapped[str | None]
    named_clinician: Mapped[str | None]
    redirected_to: Mapped[str | None]
    superseded_by: Mapped[str | None]
    assessing_organisation: Mapped[str | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    referring: Mapped[Organisation | None] = relationship(
        primaryjoin="foreign(Referral.referring_organisation) == Organisation.ods_code", viewonly=True
    )
    icb: Mapped[Organisation | None] = relationship(
        primaryjoin="foreign(Referral.responsible_icb) == Organisation.ods_code", viewonly=True
    )
    authority: Mapped[Organisation | None] = relationship(
        primaryjoin="foreign(Referral.local_authority) == Organisation.ods_code", viewonly=True
    )

    __mapper_args__ = {"polymorphic_identity": "referral"}
    __table_args__: Any = (
        Index("uq_referral_begun_from", "begun_from", unique=True),
        Index(
            "uq_referral_source",
            text("lower(source_system)"),
            text("lower(source_reference)"),
            unique=True,
            postgresql_where=text("source_reference IS NOT NULL"),
        ),
        Index("ix_referral_nhs_number", "nhs_number"),
        Index("ix_referral_date_of_birth", "date_of_birth"),
        # What search finds the person by, worked out by the database itself: see migration 0008.
        Index(
            "ix_referral_names",
            text("names_to_find(family_name, given_name, preferred_name, previous_family_names)"),
            postgresql_using="gin",
        ),
    )

    @property
    def others_open(self) -> list[WorkItem]:
        """The other open referrals of this person in the same case."""
        if self.case is None:
            return []
        return [item for item in self.case.open_items if item.kind == "referral" and item.id != self.id]
