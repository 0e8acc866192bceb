"""The table of policy changes: the set as it would be, beside the one it was drafted from."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from hub.db import Moment
from hub.engine.models import WorkItem
from hub.policy_changes.queries import newest, sets_above
from workflows.policy_change import POLICY_CHANGE


class PolicyChange(WorkItem):
    """A whole policy set that somebody drafts, another person approves, and a day brings into force."""

    __tablename__ = "policy_change"
    workflow = POLICY_CHANGE
    needs_loaded: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    based_on_id: Mapped[int] = mapped_column(BigInteger)
    """The set it was drafted from. No key: one that is revoked before its day is gone, and its number never returns."""
    base: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """That set, whole, as `PolicySet.to_json` gives it."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """The set as it would be, with the name, number and day of `base`."""
    writers: Mapped[list[int]] = mapped_column(JSONB, server_default=text("'[]'"))
    """The accounts that had a hand in it: who drafted, changed, proposed or dated it, and for whom."""
    effective_on: Mapped[date | None] = mapped_column(Date)
    in_force_from: Mapped[datetime | None] = mapped_column(Moment)
    """The first moment of that day in London."""
    policy_set_id: Mapped[int | None] = mapped_column(BigInteger)
    """The set it became; empty until it is approved and after it was revoked."""
    number: Mapped[int | None]
    """The number of that set. It stays after a revocation, so that no other set ever has it."""
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_role: Mapped[str | None]
    proposed_at: Mapped[datetime | None] = mapped_column(Moment)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_role: Mapped[str | None]
    approved_at: Mapped[datetime | None] = mapped_column(Moment)

    __mapper_args__ = {"polymorphic_identity": "policy_change"}

    @property
    def why_not_on_the_newest(self) -> str:
        """Why it cannot go on as it is: another set was approved, or its own was revoked; empty when it can."""
        found = newest(self._session)
        if found.id == self.based_on_id:
            return ""
        return (
            f"Set {found.number} is the newest now, and this was drafted from set {self.base['version']}. "
            "Begin again from it, so that it holds the changes of both"
        )

    @property
    def what_builds_on_it(self) -> str:
        """The later set that would keep what this one changed, as a sentence; empty when there is none."""
        above = sets_above(self._session, self.policy_set_id or 0)
        return f"Set {above[0]} builds on it: revoke that one first" if above else ""

    @property
    def _session(self) -> Session:
        found = object_session(self)
        if found is None:
            raise LookupError("a policy change that is in no session cannot be judged")
        return found
