"""The patient table."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Moment


class Patient(Base):
    """A person by NHS number, or by name, date of birth and place while there is none."""

    __tablename__ = "patient"
    __table_args__ = (
        Index(
            "uq_patient_nhs_number",
            "nhs_number",
            unique=True,
            postgresql_where=text("nhs_number IS NOT NULL AND merged_into_id IS NULL"),
        ),
        Index("ix_patient_merged_number", "nhs_number", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index("ix_patient_merged_into_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index("ix_patient_sound_birth", "name_sound", "date_of_birth"),
        Index("ix_patient_date_of_birth", "date_of_birth"),
        # What search finds the person by, worked out by the database itself: see migration 0008.
        Index(
            "ix_patient_names", text("names_to_find(family_name, given_name, preferred_name)"), postgresql_using="gin"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    nhs_number: Mapped[str | None]
    """Ten digits without spaces."""
    nhs_number_status: Mapped[str | None]
    no_identity_reason: Mapped[str | None]
    family_name: Mapped[str | None]
    given_name: Mapped[str | None]
    preferred_name: Mapped[str | None]
    name_sound: Mapped[str] = mapped_column(default="")
    """How the family name sounds, so that Smyth finds Smith."""
    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None]
    ethnic_category: Mapped[str | None]
    first_language: Mapped[str | None]
    interpreter_needed: Mapped[bool | None]
    address: Mapped[str | None]
    postcode: Mapped[str | None]
    phone: Mapped[str | None]
    gp_practice: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    """The record that stands for this one since the two were made one: always one that stands by itself, one step away.

    This row keeps its own values, and its cases belong to the other record."""

    @property
    def full_name(self) -> str:
        """ "HARTWIN, Isobel"; words instead when the person is not named."""
        named = ", ".join(part for part in ((self.family_name or "").upper(), self.given_name) if part)
        return named or "Name not known"

    @property
    def short_name(self) -> str:
        """ "I. Hartwin", for lists."""
        if not self.family_name:
            return self.given_name or "Name not known"
        return f"{self.given_name[0]}. {self.family_name}" if self.given_name else self.family_name

    @property
    def called(self) -> str:
        """What the person likes to be called."""
        return self.preferred_name or self.given_name or self.family_name or "This person"


class FormerNumber(Base):
    """An NHS number that a record had until it was made one with another: whoever is referred by it is still found."""

    __tablename__ = "patient_former_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    nhs_number: Mapped[str] = mapped_column(index=True)
