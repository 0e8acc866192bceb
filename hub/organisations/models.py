"""Tables about organisations: organisation, site, unit, collaborative and its members."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base


class OrganisationKind(StrEnum):
    """What an organisation is; a word for lists and filters, on which no rule depends."""

    LEAD_PROVIDER = "lead_provider"
    HUB = "hub"
    NHS_PROVIDER = "nhs_provider"
    INDEPENDENT_PROVIDER = "independent_provider"
    ACUTE = "acute"
    COMMUNITY = "community"
    PRIMARY_CARE = "primary_care"
    PRISON = "prison"
    ICB = "icb"
    LOCAL_AUTHORITY = "local_authority"
    EDUCATION = "education"
    NHSE = "nhse"
    OTHER = "other"


class Arm(StrEnum):
    """Which side of the lead provider: the commissioning hub, or its own services. The two are kept apart."""

    HUB = "hub"
    PROVIDER = "provider"


class UnitGender(StrEnum):
    """Whom a unit takes."""

    MIXED = "mixed"
    FEMALE = "female"
    MALE = "male"


class Level(StrEnum):
    """How closely the hub watches a unit; an administrator sets it."""

    ROUTINE = "routine"
    ENHANCED = "enhanced"
    INTENSIVE = "intensive"


class Admissions(StrEnum):
    """Whether a unit may admit; an administrator sets it."""

    OPEN = "open"
    CASE_BY_CASE = "case_by_case"
    SUSPENDED = "suspended"


class Organisation(Base):
    """An organisation by ODS code. The lead provider's hub arm and provider arm are two rows with one parent."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("arm IS NULL OR arm IN ('hub', 'provider')", name="arm_is_known"),
        CheckConstraint("arm IS NULL OR parent_id IS NOT NULL", name="arm_has_a_parent"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_starts"),
        # One hub and one provider arm to a lead provider, else "the other arm" would be ambiguous.
        Index("uq_organisation_arm", "parent_id", "arm", unique=True, postgresql_where=text("arm IS NOT NULL")),
        Index("ix_organisation_names", text("names_to_find(name)"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ods_code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    arm: Mapped[str | None] = mapped_column(String(10))
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    parent: Mapped[Organisation | None] = relationship(remote_side="Organisation.id")
    sites: Mapped[list[Site]] = relationship(back_populates="organisation", order_by="Site.name")

    @property
    def is_hub(self) -> bool:
        """Whether this is the commissioning hub."""
        return self.arm == Arm.HUB


class Site(Base):
    """A place where an organisation works. The postcode gives distances to a person's home."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    postcode: Mapped[str] = mapped_column(String(8))
    until_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship(back_populates="sites")
    units: Mapped[list[Unit]] = relationship(back_populates="site", order_by="Unit.name")


class Unit(Base):
    """A ward or unit with beds of one type. Ages are whole years, first and last age taken."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("age_from >= 0 AND age_to >= age_from AND age_to <= 120", name="ages_in_order"),
        CheckConstraint("level IN ('routine', 'enhanced', 'intensive')", name="level_is_known"),
        CheckConstraint("admissions IN ('open', 'case_by_case', 'suspended')", name="admissions_is_known"),
        Index("ix_unit_names", text("names_to_find(name)"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    bed_type: Mapped[str] = mapped_column(String(40))
    gender: Mapped[str] = mapped_column(String(20))
    age_from: Mapped[int]
    age_to: Mapped[int]
    until_on: Mapped[date | None]
    level: Mapped[str] = mapped_column(default="routine", server_default=text("'routine'"))
    level_since: Mapped[date | None]
    """The day it was set; None while it is as it was from the start."""
    admissions: Mapped[str] = mapped_column(default="open", server_default=text("'open'"))
    admissions_since: Mapped[date | None]
    admissions_why: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Why it may not admit freely, in words for whoever looks for a bed; "" while it is open."""

    site: Mapped[Site] = relationship(back_populates="units")

    @property
    def admissions_words(self) -> str:
        """Whether it may admit, in words: "open", "case by case", "suspended"."""
        return self.admissions.replace("_", " ")


class Collaborative(Base):
    """A provider collaborative: its service line, lead organisation and policy set decide the limits of its items."""

    __tablename__ = "collaborative"
    __table_args__ = (CheckConstraint("status IN ('planned', 'active', 'closed')", name="status_is_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    service_line: Mapped[str] = mapped_column(String(40))
    lead_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    policy_set: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20), default="active", server_default="active")

    lead_organisation: Mapped[Organisation] = relationship()
    members: Mapped[list[CollaborativeMember]] = relationship(
        back_populates="collaborative", order_by="CollaborativeMember.from_on.desc(), CollaborativeMember.id.desc()"
    )


class CollaborativeMember(Base):
    """An organisation's time in a collaborative; `from_on` and `until_on` are the first and last day, London dates."""

    __tablename__ = "collaborative_member"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_starts"),
        ExcludeConstraint(
            (text("int4range(collaborative_id, collaborative_id, '[]')"), "&&"),
            (text("int4range(organisation_id, organisation_id, '[]')"), "&&"),
            (text("daterange(from_on, until_on, '[]')"), "&&"),
            name="ex_collaborative_member_overlap",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collaborative_id: Mapped[int] = mapped_column(ForeignKey("collaborative.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    collaborative: Mapped[Collaborative] = relationship(back_populates="members")
    organisation: Mapped[Organisation] = relationship()
