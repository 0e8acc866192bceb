"""Seeding the rulebook: the default policy set and the bank holidays that are published."""

from datetime import UTC, datetime, time

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.engine.rulebook import BankHoliday, PolicyVersion
from hub.policies.holidays import bundled_bank_holidays
from workflows.policy import DEFAULT


def seed(session: Session) -> None:
    """Put the default policy set and the known bank holidays in, where they are not there yet."""
    session.execute(
        insert(BankHoliday)
        .values([{"on_date": day, "title": title} for day, title in sorted(bundled_bank_holidays().items())])
        .on_conflict_do_nothing()
    )
    if session.scalar(select(PolicyVersion.id).limit(1)) is None:
        session.add(
            PolicyVersion(
                name=DEFAULT.name,
                number=DEFAULT.version,
                in_force_from=datetime.combine(DEFAULT.in_force_from, time(), UTC),
                content=DEFAULT.to_json(),
            )
        )
        session.flush()
