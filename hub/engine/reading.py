"""Reading one item for its page: a fixed number of statements, whatever its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

from hub.db import Base
from hub.engine.available import Offer, asked_once, available_actions, everyday_actions
from hub.engine.clock_names import ClockNames, read_clock_names
from hub.engine.models import Clock, ItemParty, Transition, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.engine.visibility import View, history_seen_by, may_be_seen, view_of_item, visible
from workflows.core import Actor
from workflows.everyday import KEEPS_THE_VERSION, everyday_of

LAST_ROWS = 100
"""History rows on an item's page, newest first; the page says when there are more."""


@dataclass(frozen=True)
class Line:
    """One history row with the names behind its numbers."""

    row: Transition
    who: str
    on_behalf_of: str | None


@dataclass(frozen=True)
class PartyLine:
    """One party with its name; `until_at` is set once its access ended."""

    party: ItemParty
    name: str


@dataclass(frozen=True)
class Reading:
    """One item as an actor may see it."""

    item: Any
    clocks: Sequence[Clock]
    parties: Sequence[PartyLine]
    lines: Sequence[Line]
    book: Rulebook
    view: View
    """How much of it this actor sees."""
    offers: Sequence[Offer]
    everyday: Sequence[Offer]
    related: Sequence[Any]
    """What it was opened from and what was opened from it, as far as this actor may see them."""
    names: Mapping[tuple[str, int | str], str]
    """The people, units and organisations that history gives by id or ODS code: ("person", 7) to a name."""
    clock_names: ClockNames = field(default_factory=ClockNames)
    """What each of its clocks is called, and whose it is."""

    def since(self, version: int) -> list[Line]:
        """What was done after the item had this version, newest first; what a clock did is nobody's doing."""
        done = (line for line in self.lines if line.row.action not in KEEPS_THE_VERSION)
        return [line for line in done if self.version_of(line.row.position) > version]

    def version_of(self, position: int) -> int:
        """The item's version at a history row among `lines`: its position less the rows up to it that change none.

        Those after it are counted among the rows this actor reads: one of another party counts as before it.
        """
        keeping: int = self.item.history_length - self.item.version
        later = (line for line in self.lines if line.row.position > position)
        return position - (keeping - sum(1 for line in later if line.row.action in KEEPS_THE_VERSION))

    @property
    def is_content_hidden(self) -> bool:
        """That things happened may be seen, not what they say."""
        return self.view is not View.ALL

    @property
    def is_theirs_to_work_on(self) -> bool:
        """Whether this actor works on the item, so that they may act on it and be told whom it is about."""
        return self.view in {View.ALL, View.OUTCOME}


def read_item(
    session: Session,
    model: type[WorkItem],
    reference: str,
    actor: Actor,
    *,
    options: Sequence[ExecutableOption] = (),
) -> Reading | None:
    """The item called `reference` with clocks, parties and history, or None when this actor may not see it.

    `options` load what the kind's page shows besides. Five statements at most, those of the options, and
    two where clocks run for one side each.
    """
    item: Any = session.scalars(
        visible(model, actor).where(WorkItem.reference == reference).options(*options)
    ).one_or_none()
    if item is None:
        return None
    clocks, book = _clocks(session, item)
    parties = _parties(session, item)
    live = [line.party for line in parties if line.party.until_at is None]
    set_committed_value(item, "clocks", clocks)
    set_committed_value(item, "parties", [line.party for line in parties])
    lines = lines_of(session, item, history_seen_by(actor))
    view = view_of_item(item, actor, live)
    with asked_once(item):
        offers, everyday = available_actions(item, actor, live), everyday_actions(item, actor, live)
    return Reading(
        item=item,
        clocks=clocks,
        parties=parties,
        lines=lines,
        book=book,
        view=view,
        offers=offers,
        everyday=everyday,
        related=_related(session, item, actor),
        names=names_in(session, item, lines) if view is View.ALL else {},
        clock_names=read_clock_names(session, [(item.kind, item.id, row.per) for row in clocks]),
    )


def _related(session: Session, item: Any, actor: Actor) -> list[Any]:
    near = or_(WorkItem.parent_id == item.id, WorkItem.id == item.parent_id)
    shown = select(WorkItem.kind, WorkItem.reference, WorkItem.state)
    return list(
        session.execute(
            shown.where(near, may_be_seen(actor, WorkItem.__mapper__.polymorphic_map)).order_by(WorkItem.id)
        )
    )


def find_item(session: Session, model: type[WorkItem], reference: str, actor: Actor) -> Any:
    """The item alone, or None when there is none or this actor may not see it."""
    return session.scalars(visible(model, actor).where(WorkItem.reference == reference)).one_or_none()


def _clocks(session: Session, item: WorkItem) -> tuple[list[Clock], Rulebook]:
    """The clocks and the rulebook's counter in one statement: the counter says whether the cached rulebook is right."""
    rows = session.execute(
        select(RulebookState.version, Clock)
        .select_from(RulebookState)
        .outerjoin(Clock, Clock.item_id == item.id)
        .where(true())
        .order_by(Clock.id)
    ).all()
    return [row[1] for row in rows if row[1] is not None], rulebook_at(session, int(rows[0][0]))


def _parties(session: Session, item: WorkItem) -> list[PartyLine]:
    tables = Base.metadata.tables
    organisation, unit, user = tables["organisation"], tables["unit"], tables["user_account"]
    rows = session.execute(
        select(ItemParty, func.coalesce(user.c.name, organisation.c.name), unit.c.name)
        .outerjoin(organisation, organisation.c.id == ItemParty.organisation_id)
        .outerjoin(unit, unit.c.id == ItemParty.unit_id)
        .outerjoin(user, user.c.id == ItemParty.user_id)
        .where(ItemParty.item_id == item.id)
        .order_by(ItemParty.until_at.is_not(None), ItemParty.id)
    )
    return [PartyLine(party, f"{name}, {ward}" if ward else name) for party, name, ward in rows]


def lines_of(session: Session, item: WorkItem, seen: ColumnElement[bool], most: int | None = LAST_ROWS) -> list[Line]:
    """The newest rows of a history that `seen` lets through, newest first; all of them with `most` None."""
    user = Base.metadata.tables["user_account"]
    behalf = aliased(user)
    rows = session.execute(
        select(Transition, user.c.name, behalf.c.name)
        .outerjoin(user, user.c.id == Transition.actor_id)
        .outerjoin(behalf, behalf.c.id == Transition.on_behalf_of)
        .where(Transition.item_id == item.id, seen)
        .order_by(Transition.position.desc())
        .limit(most)
    )
    return [Line(row, name or "The hub", behalf_name) for row, name, behalf_name in rows]


def names_in(session: Session, item: Any, lines: Sequence[Line]) -> dict[tuple[str, int | str], str]:
    """The people, units and organisations that these rows give by id or ODS code, as `Reading.names` has them."""
    asks = (ask for action in (*item.workflow.actions, *everyday_of(item.workflow)) for ask in action.questions)
    kinds = {ask.name: ask.kind for ask in asks if ask.kind in {"person", "organisation", "unit"}}
    changes = [(kinds[name], change) for line in lines for name, change in line.row.values.items() if name in kinds]
    given = {(kind, value) for kind, change in changes for value in change.values() if value is not None}
    if not given:
        return {}
    people = [value for kind, value in given if kind == "person"]
    places = [value for kind, value in given if kind == "organisation" and isinstance(value, int)]
    codes = [value for kind, value in given if kind == "organisation" and isinstance(value, str)]
    units = [value for kind, value in given if kind == "unit"]
    user, organisation, unit = (Base.metadata.tables[name] for name in ("user_account", "organisation", "unit"))
    rows = session.execute(
        union_all(
            select(literal("person"), user.c.id, literal(""), user.c.name).where(user.c.id.in_(people)),
            select(literal("unit"), unit.c.id, literal(""), unit.c.name).where(unit.c.id.in_(units)),
            select(literal("organisation"), organisation.c.id, organisation.c.ods_code, organisation.c.name).where(
                or_(organisation.c.id.in_(places), organisation.c.ods_code.in_(codes))
            ),
        )
    )
    return {(kind, key): name for kind, identity, code, name in rows for key in (identity, code)}
