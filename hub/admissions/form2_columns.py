"""The answers of Form 2 as columns: one for each field of `workflows.form2`, in its order."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Moment


class Form2Columns:
    """Mixed into the admission table."""

    assessor_name: Mapped[str | None]
    assessor_position: Mapped[str | None]
    assessor_trust: Mapped[str | None]
    assessor_team: Mapped[str | None]
    assessor_email: Mapped[str | None]
    assessor_phone: Mapped[str | None]
    assessed_at: Mapped[datetime | None] = mapped_column(Moment)
    diagnosis: Mapped[str | None]
    mental_state: Mapped[str | None]
    addresses_needs: Mapped[bool | None]
    addresses_needs_details: Mapped[str | None]
    may_do_harm: Mapped[bool | None]
    may_do_harm_details: Mapped[str | None]
    has_alternatives: Mapped[bool | None]
    has_alternatives_details: Mapped[str | None]
    has_risk_factors: Mapped[bool | None]
    has_risk_factors_details: Mapped[str | None]
    needs_programme: Mapped[bool | None]
    needs_programme_details: Mapped[str | None]
    has_health_needs: Mapped[bool | None]
    has_health_needs_details: Mapped[str | None]
    has_education_needs: Mapped[bool | None]
    has_education_needs_details: Mapped[str | None]
    has_welfare_needs: Mapped[bool | None]
    has_welfare_needs_details: Mapped[str | None]
    needs_specialist: Mapped[bool | None]
    needs_specialist_details: Mapped[str | None]
    other_considerations: Mapped[str | None]
