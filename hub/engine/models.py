"""The tables of everything that moves: item, history, clocks, parties, drafts, outbox, reactions."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship, validates

from hub.db import Base, Moment
from hub.engine.rulebook import rulebook_with
from workflows.core import Workflow
from workflows.policy import PolicySet

FAR = datetime(9999, 12, 31, tzinfo=UTC)
"""`next_due_at` of an item without a running clock: never null, so that one index scan orders everything."""


class StateIsTheEngines(Exception):
    """Something other than the engine tried to set a state."""


class WorkItem(Base):
    """What every process has in common. Each workflow joins its own table to it; `kind` tells them apart."""

    __tablename__ = "work_item"
    workflow: ClassVar[Workflow]
    needs_loaded: ClassVar[tuple[str, ...]] = ()
    """Relations that the workflow's needs read; a page of many items loads them for each kind, not each item."""
    own_rows: ClassVar[frozenset[str]] = frozenset()
    """Tables whose rows of this item (`item_id`) its needs read: forgotten under the lock, and after every turn."""
    as_of: ClassVar[datetime | None] = None
    """The moment its needs are judged at: set on the item by `perform`; None where a page asks, which is now."""
    register_answers: ClassVar[dict[tuple[object, ...], Any] | None] = None
    """What its needs asked of registers while offers are worked out (hub/engine/available.py); None otherwise."""
    acts_on_its_page_alone: ClassVar[bool] = False
    """Whether only its own page says what can be done: its needs read so much that a list of many does not ask them."""
    effects: ClassVar[Mapping[str, Callable[[Any], None]]] = {}
    """By action: what it writes in the item's own rows, in its turn (`hub.engine.turn`), before its clocks are planned.

    A reaction comes after the turn and may move other items; an effect belongs to the action, and its rows may have
    clocks.
    """

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    is_open: Mapped[bool] = mapped_column(default=True)
    is_draft: Mapped[bool] = mapped_column(default=False)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("care_case.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    collaborative_id: Mapped[int | None] = mapped_column(ForeignKey("collaborative.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    opened_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Whom the opener stood in for."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    service_line: Mapped[str | None]
    priority: Mapped[str | None]
    title: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    next_due_at: Mapped[datetime] = mapped_column(Moment, default=FAR)
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_version.id"))
    history_length: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(default="")

    owner: Mapped[Any] = relationship("UserAccount", foreign_keys=[owner_id], viewonly=True)
    clocks: Mapped[list["Clock"]] = relationship(order_by="Clock.id", viewonly=True)
    parties: Mapped[list["ItemParty"]] = relationship(order_by="ItemParty.id", viewonly=True)
    history: Mapped[list["Transition"]] = relationship(order_by="Transition.position", viewonly=True)
    documents: Mapped[list[Any]] = relationship("Document", order_by="Document.id", viewonly=True)
    """Every document, those taken back too; the table is the documents', named here as the keys are."""

    @classmethod
    def row_owners(cls, _session: Session, _item_ids: Iterable[int]) -> dict[tuple[int, str], int]:
        """Of these items the own rows that clocks run for, (item, key as in `clock_rows`) to the organisation it is of.

        One statement for all of them.
        """
        return {}

    @property
    def hub_is_a_side(self) -> bool:
        """Whether the hub itself is one of those who disagree: then it reads no other side's private words."""
        return False

    def clock_rows(self, _per: str) -> Mapping[str, datetime | None]:
        """The item's own rows that a clock runs for one by one: key to the moment it is due; None where a rule says."""
        return {}

    __mapper_args__ = {"polymorphic_on": "kind"}
    __table_args__: Any = (
        Index("ix_work_item_due", "next_due_at", "id", postgresql_where=text("is_open")),
        Index("ix_work_item_kind_due", "kind", "next_due_at", "id", postgresql_where=text("is_open")),
        Index("ix_work_item_owner_due", "owner_id", "next_due_at", "id", postgresql_where=text("is_open")),
        Index("ix_work_item_case", "case_id", "id"),
        Index("ix_work_item_closed", "closed_at", postgresql_where=text("NOT is_open")),
        Index("ix_work_item_parent", "parent_id", "id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_work_item_unit", "unit_id", "id", postgresql_where=text("unit_id IS NOT NULL")),
        CheckConstraint("history_length > 0 AND head_hash <> ''", name="has_history"),
    )

    @property
    def policy(self) -> PolicySet:
        """The policy set it carries, or the one in force when it was opened: what a guard compares with."""
        session = object_session(self)
        if session is None:
            raise LookupError("an item that is in no session has no policy set")
        return rulebook_with(session, self.policy_version_id).policy(self.policy_version_id, self.opened_at)

    @validates("state")
    def _only_the_engine_sets_it(self, _key: str, value: str) -> str:
        raise StateIsTheEngines(f"Only the engine sets a state; something tried to set {value!r}")


class Transition(Base):
    """One row of history, append-only; the rows of one item form a hash chain."""

    __tablename__ = "transition"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    position: Mapped[int]
    """1 for the first row of the item; the item's `history_length` for the last."""
    action: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    acting_as: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    acting_role: Mapped[str | None]
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str | None]
    values: Mapped[dict[str, Any]]
    """What was entered: {field: {"old": …, "new": …}}; JSON texts, whole numbers, booleans and lists only."""
    audience: Mapped[str] = mapped_column(default="all")
    """"hub", "all", "organisation:ID": who besides the hub may read the row; "alone:ID": that one, and not the hub."""
    at: Mapped[datetime] = mapped_column(Moment)
    prev_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        UniqueConstraint("item_id", "position"),
        # What somebody's organisation sent, newest first, is read from the memberships it was done under.
        Index("ix_transition_acting_as", "acting_as", "id", postgresql_where=text("acting_as IS NOT NULL")),
    )


# Word for word and line for line as PostgreSQL gives it back, since the comparison of models and tables is of text.
NEXT_WARNING = """(
CASE
    WHEN warned_at IS NULL OR warned_at < warn_50_at THEN LEAST(warn_50_at, warn_80_at)
    WHEN warned_at < warn_80_at THEN warn_80_at
    ELSE NULL::timestamp with time zone
END)"""
"""When a clock warns next; null when it has given its last warning. `warned_at` is the moment of the last one given."""


class Clock(Base):
    """One promise on one item, kept for ever with its outcome."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    name: Mapped[str]
    per: Mapped[str | None]
    """Which party or child row this one is for, when the clock runs once for each."""
    rule: Mapped[str]
    """The policy key."""
    duration: Mapped[str]
    """The length in words, as the policy set gave it: "12 hours", "5 working days"; empty for a recorded moment."""
    started_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    is_running: Mapped[bool] = mapped_column(default=True)
    """Counting now: not paused and not stopped; an overdue one counts on."""
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    resume_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a clock paused on request goes on by itself; empty for every other."""
    pauses: Mapped[list[Any]]
    """[{"from": ISO, "to": ISO or null, "why": …, "asked_by": …, "approved_by": …}, …]"""
    asked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """A pause somebody asked for and nobody has approved yet: {"why": …, "by_id": …, "for_id": …, "by": …, "at": ISO,
    "until": ISO or null}."""
    changes: Mapped[list[Any]]
    """[{"at": ISO, "effect": …, "rule": …, "start": ISO, "text": …, "allows_pause": bool}, …]: changes of priority
    ("up" or "down", with the rule) and corrected starts ("start", with the moment)."""
    warn_50_at: Mapped[datetime | None] = mapped_column(Moment)
    warn_80_at: Mapped[datetime | None] = mapped_column(Moment)
    warned_at: Mapped[datetime | None] = mapped_column(Moment)
    rang_at: Mapped[datetime | None] = mapped_column(Moment)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    """met, met_late, missed, stopped; empty while it is going on."""
    gross_seconds: Mapped[int | None] = mapped_column(BigInteger)
    net_seconds: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_clock_item", "item_id", "id"),
        Index("ix_clock_resume", "resume_at", postgresql_where=text("resume_at IS NOT NULL")),
        Index("ix_clock_due", "due_at", postgresql_where=text("is_running AND rang_at IS NULL")),
        Index("ix_clock_warn", text(NEXT_WARNING), postgresql_where=text("is_running AND rang_at IS NULL")),
    )


class ItemParty(Base):
    """An organisation or a person with a reason to see an item: one live row for each."""

    __tablename__ = "item_party"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    capacities: Mapped[list[Any]]
    from_at: Mapped[datetime] = mapped_column(Moment)
    until_at: Mapped[datetime | None] = mapped_column(Moment)
    why: Mapped[str] = mapped_column(default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str]
    next_due_at: Mapped[datetime] = mapped_column(Moment, default=FAR)
    """Copies of the item's, kept by the engine, so that an organisation's worklist is one index scan."""

    __table_args__ = (
        Index("ix_item_party_item", "item_id"),
        Index(
            "ix_item_party_organisation_due",
            "organisation_id",
            "next_due_at",
            "item_id",
            postgresql_where=text("is_open AND until_at IS NULL"),
        ),
        Index(
            "ix_item_party_organisation_kind_due",
            "organisation_id",
            "kind",
            "next_due_at",
            "item_id",
            postgresql_where=text("is_open AND until_at IS NULL"),
        ),
        Index(
            "ix_item_party_user_due",
            "user_id",
            "next_due_at",
            "item_id",
            postgresql_where=text("is_open AND until_at IS NULL"),
        ),
        Index(
            "uq_item_party_live",
            "item_id",
            text("coalesce(organisation_id, 0)"),
            text("coalesce(unit_id, 0)"),
            text("coalesce(user_id, 0)"),
            unique=True,
            postgresql_where=text("until_at IS NULL"),
        ),
        CheckConstraint("num_nonnulls(organisation_id, user_id) = 1", name="organisation_or_person"),
    )


TOLD_WAITS = "topic IN ('mail.told', 'mail.digest') AND sent_at IS NULL AND gave_up_at IS NULL"
"""Which outbox rows are e-mails that bring messages and have not left; the condition of their unique index."""


class OutboxMessage(Base):
    """What must leave the building after the commit; the worker sends it, with the id as idempotency key."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    topic: Mapped[str]
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    """Not before this moment: the next working morning, or a while after a failure. Empty: at once."""
    last_error: Mapped[str | None]
    gave_up_at: Mapped[datetime | None] = mapped_column(Moment)
    """After too many failures; it stays here and is shown until somebody lets it be tried again."""

    __table_args__ = (
        Index("ix_outbox_message_unsent", "id", postgresql_where=text("sent_at IS NULL")),
        Index(
            "ix_outbox_message_due",
            text("COALESCE(next_try_at, created_at)"),
            "id",
            postgresql_where=text("sent_at IS NULL AND gave_up_at IS NULL"),
        ),
        Index(
            "ix_outbox_message_mail",
            text("COALESCE(next_try_at, created_at)"),
            "id",
            postgresql_where=text("sent_at IS NULL AND gave_up_at IS NULL AND starts_with(topic, 'mail.')"),
        ),
        Index("ix_outbox_message_given_up", "id", postgresql_where=text("gave_up_at IS NOT NULL AND sent_at IS NULL")),
        # At most one e-mail of messages waits for a person; what it brings is settled when it is claimed.
        Index(
            "uq_outbox_message_told",
            text("(payload ->> 'user_id')"),
            "topic",
            text("COALESCE(payload ->> 'claimed', '')"),
            unique=True,
            postgresql_where=text(TOLD_WAITS),
        ),
    )


class Reaction(Base):
    """What happened inside the hub because of a history row: once for each row and topic, in the same transaction."""

    __tablename__ = "reaction"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    position: Mapped[int]
    topic: Mapped[str]

    __table_args__ = (UniqueConstraint("item_id", "position", "topic"),)


class AccessLog(Base):
    """Who signed in, opened, searched, exported or was refused; append-only."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    what: Mapped[str]
    """signed_in, sign_in_failed, signed_out, password_changed, opened, searched, listed, exported, refused."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("care_case.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    path: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]]
    address: Mapped[str | None]

    __table_args__ = (
        Index("ix_access_log_case", "case_id", "id"),
        Index("ix_access_log_user", "user_id", "id"),
    )


class AuditDigest(Base):
    """The heads of every history and of the access log at one moment, chained to the digest before."""

    __tablename__ = "audit_digest"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    items: Mapped[int] = mapped_column(BigInteger)
    last_access_id: Mapped[int] = mapped_column(BigInteger)
    heads_hash: Mapped[str]
    access_hash: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


@event.listens_for(WorkItem, "init", propagate=True)
def _made_by_the_engine_alone(_target: WorkItem, _args: Any, kwargs: dict[str, Any]) -> None:
    if "state" in kwargs:
        raise StateIsTheEngines("An item is made by start(), which gives it its first state")
