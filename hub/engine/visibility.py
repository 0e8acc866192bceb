"""What an actor may see: `visible(Model, actor)` is the only way a query starts."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from hub.engine.authority import PartyRow, is_party
from hub.engine.models import ItemParty, Transition, WorkItem
from workflows.core import Actor
from workflows.roles import UNIT_ROLES, Capacity, Role

Item = TypeVar("Item", bound=WorkItem)


class View(StrEnum):
    """How much of an item of one kind a hub role sees."""

    ALL = "all"
    COST = "cost"
    """What it costs and what was decided; no clinical text."""
    OUTCOME = "outcome"
    """Where it is, how it ended, and what is asked of them: what a referrer sees of what follows its referral."""
    HISTORY = "history"
    """That something was done, when and by whom; no content."""
    NONE = "none"


ALL_ROLES = (
    Role.COORDINATOR,
    Role.CASE_MANAGER,
    Role.CLINICAL_REVIEWER,
    Role.HEAD_OF_COMMISSIONING,
    Role.DIRECTOR,
)
PEOPLE_KINDS = ("referral", "admission", "placement", "approach", "stay", "task", "escalation")
"""Kinds about one person's care."""
INSIDE_KINDS = ("merge",)
"""Kinds about a person that are the hub's own matter: by role inside the hub, nobody outside, no emergencies."""
OPEN_KINDS = ("policy_change",)
"""Kinds about no person: every role of the hub reads all of them, nobody outside."""


def _each(view: View) -> dict[str, View]:
    return dict.fromkeys((*PEOPLE_KINDS, *INSIDE_KINDS), view) | dict.fromkeys(OPEN_KINDS, View.ALL)


HUB_SEES: dict[Role, dict[str, View]] = {
    **{role: _each(View.ALL) for role in ALL_ROLES},
    Role.FINANCE_LEAD: _each(View.NONE) | {"admission": View.COST},
    Role.QUALITY_LEAD: _each(View.NONE),
    Role.QUALITY_GROUP_CHAIR: _each(View.NONE),
    Role.FAMILY_LIAISON: _each(View.NONE),
    Role.INFORMATION_GOVERNANCE: _each(View.HISTORY),
    Role.ADMINISTRATOR: _each(View.NONE),
}
"""Inside the hub, role by kind. A kind that is not here is seen by nobody: default deny."""

EMERGENCY_KINDS = frozenset(PEOPLE_KINDS)
"""Kinds whose emergencies the person on call sees; the rest by break-glass."""


def view_of(kind: str, actor: Actor) -> View:
    """How much of `kind` this actor sees by a hub role alone."""
    if not actor.is_hub or actor.role is None:
        return View.NONE
    return HUB_SEES.get(actor.role, {}).get(kind, View.NONE)


OUTCOME_ALONE: dict[str, frozenset[Capacity]] = {
    "admission": frozenset({Capacity.REFERRER, Capacity.ASSESSOR, Capacity.ASKED}),
    "placement": frozenset({Capacity.REFERRER, Capacity.RECEIVING}),
}
"""Capacities that show a kind's status and outcome, and no more."""

OPENS_NO_CASE = frozenset({"approach", "escalation"})
"""Kinds whose parties are not led on to the case: a unit that is asked opens its approach and nothing else, and a side
of a dispute nothing beside it."""


def view_of_item(item: Any, actor: Actor, parties: Iterable[PartyRow]) -> View:
    """How much of an item this actor sees, whom `may_see` or `visible` let in: the most that any way in gives."""
    held = {
        capacity
        for party in parties
        if party.until_at is None and is_party(actor, party)
        for capacity in party.capacities
    }
    if is_let_in(item, actor, parties):
        is_outcome = held and held <= OUTCOME_ALONE.get(item.kind, frozenset())
        return View.OUTCOME if is_outcome or not knows_person(item, actor) else View.ALL
    by_role = view_of(item.kind, actor)
    if by_role is not View.ALL and actor.is_on_call and item.kind in EMERGENCY_KINDS and item.priority == "emergency":
        return View.ALL
    return by_role


def roles_that_see(kind: str) -> list[Role]:
    """The hub roles that see all of every item of `kind`."""
    return [role for role, kinds in HUB_SEES.items() if kinds.get(kind) is View.ALL]


def visible(model: type[Item], actor: Actor) -> Select[Item]:
    """The items of `model` this actor may see, as a query to go on from."""
    kinds = [model.workflow.name] if model is not WorkItem else _every_kind()
    return select(model).where(may_be_seen(actor, kinds))


def _every_kind() -> list[str]:
    return sorted(name for name in WorkItem.__mapper__.polymorphic_map if name)


def may_be_seen(actor: Actor, kinds: Iterable[str]) -> ColumnElement[bool]:
    """The condition on `work_item` behind `visible`, for a reader's own query."""
    if actor.is_system:
        return true()
    if actor.user_id is None:
        return false()
    ways: list[ColumnElement[bool]] = [is_a_party_to(actor)]
    seen = [kind for kind in kinds if view_of(kind, actor) is not View.NONE]
    if seen:
        # A draft is its writer's until it is sent, whoever else works in the building.
        ways.append(and_(WorkItem.kind.in_(seen), WorkItem.is_draft.is_(False), _is_not_sealed_from(actor)))
    if actor.is_on_call:
        ways.append(
            and_(
                WorkItem.kind.in_(EMERGENCY_KINDS & set(kinds)),
                WorkItem.priority == "emergency",
                WorkItem.is_draft.is_(False),
                _is_not_sealed_from(actor),
            )
        )
    return or_(*ways)


def is_a_party_to(actor: Actor) -> ColumnElement[bool]:
    """Whether a live party row of the item shows it to the actor."""
    return exists().where(ItemParty.item_id == WorkItem.id, ItemParty.until_at.is_(None), lets_in(actor))


def lets_in(actor: Actor) -> ColumnElement[bool]:
    """Whether a party row shows its item to the actor; see `opens_by_organisation` for a row of the hub itself."""
    if not actor.is_hub:
        return names(actor)
    return and_(names(actor), or_(ItemParty.user_id.is_not(None), opens_by_organisation(actor)))


def opens_by_organisation(actor: Actor) -> ColumnElement[bool]:
    """Whether a row that names the actor's organisation is enough to see the item.

    Inside the hub the role decides, or a referral taken down by telephone would be open to every role and past every
    seal. Such a row shows a draft alone, to its writer and to those whose role sees the kind.
    """
    if not actor.is_hub:
        return true()
    return and_(WorkItem.is_draft, or_(began_by(actor), WorkItem.kind.in_(_drafts_shared(actor))))


def began_by(actor: Actor) -> ColumnElement[bool]:
    """Whether an item was begun by the actor, or by whom they stand in for, or by a deputy of theirs."""
    return or_(WorkItem.opened_by_id == actor.behind_id, WorkItem.opened_for_id == actor.behind_id)


def _drafts_shared(actor: Actor) -> list[str]:
    """The kinds whose drafts, written down by the hub, this hub person sees beside their own."""
    whole = {kind for kind in _every_kind() if view_of(kind, actor) is View.ALL}
    return sorted(whole | EMERGENCY_KINDS if actor.is_on_call else whole)


def names(actor: Actor) -> ColumnElement[bool]:
    """Whether a party row names the actor: the person, or the organisation (and unit) they act for."""
    if actor.organisation_id is None:
        return ItemParty.user_id == actor.user_id
    return or_(ItemParty.user_id == actor.user_id, is_of_the_organisation(actor))


def is_of_the_organisation(actor: Actor) -> ColumnElement[bool]:
    """Whether a party row is that of the organisation (and unit) the actor acts for."""
    theirs: ColumnElement[bool] = ItemParty.organisation_id == actor.organisation_id
    if actor.unit_id is None:
        return theirs if actor.role in UNIT_ROLES else and_(theirs, ItemParty.unit_id.is_(None))
    return and_(theirs, or_(ItemParty.unit_id.is_(None), ItemParty.unit_id == actor.unit_id))


def _is_not_sealed_from(actor: Actor) -> ColumnElement[bool]:
    """A sealed case is open to its named list alone. The tables are the cases', named here as the keys are."""
    seals = WorkItem.metadata.tables["case_seal"]
    cases = WorkItem.metadata.tables["care_case"]
    sealed = exists().where(cases.c.id == WorkItem.case_id, cases.c.is_sealed)
    named = exists().where(seals.c.case_id == WorkItem.case_id, seals.c.user_id == actor.user_id)
    return or_(WorkItem.case_id.is_(None), ~sealed, named)


def may_see(item: Any, actor: Actor, parties: Iterable[PartyRow], *, is_sealed_off: bool = False) -> bool:
    """The same answer for one item that is already loaded. `is_sealed_off`: its case is sealed and names others."""
    if is_let_in(item, actor, parties):
        return True
    if item.is_draft or is_sealed_off:
        return False
    if view_of(item.kind, actor) is View.ALL:
        return True
    return actor.is_on_call and item.kind in EMERGENCY_KINDS and item.priority == "emergency"


def is_let_in(item: Any, actor: Actor, parties: Iterable[PartyRow]) -> bool:
    """`lets_in` for rows that are already loaded: whether one of them shows the item to the actor."""
    by_organisation = not actor.is_hub or (
        item.is_draft
        and (actor.behind_id in {item.opened_by_id, item.opened_for_id} or item.kind in _drafts_shared(actor))
    )
    return any(
        party.until_at is None and is_party(actor, party) and (by_organisation or party.user_id is not None)
        for party in parties
    )


def knows_person(item: Any, actor: Actor) -> bool:
    """Whether an actor who sees the item may be told who it is about: inside the hub always, outside by its state."""
    shown_in = item.workflow.person_shown_in
    return actor.is_hub or actor.is_system or shown_in is None or item.state in shown_in


def person_may_be_known(actor: Actor) -> ColumnElement[bool]:
    """`knows_person` as a condition on `work_item`, for what an actor who sees the item finds by the person."""
    if actor.is_hub or actor.is_system:
        return true()
    limited = {
        name: mapper.class_.workflow.person_shown_in
        for name, mapper in WorkItem.__mapper__.polymorphic_map.items()
        if mapper.class_.workflow.person_shown_in is not None
    }
    shown = (and_(WorkItem.kind == name, WorkItem.state.in_(sorted(states))) for name, states in limited.items())
    return or_(WorkItem.kind.not_in(sorted(limited)), *shown)


def keeps_the_name(kind: str, actor: Actor) -> bool:
    """Whether a list keeps from this actor whom an item of `kind` is about, where sharing is restricted in its case.

    A unit whose bed was accepted is told so by the hub itself; whoever treats the person, or referred them, knows.
    """
    return kind == "placement" and not actor.is_hub and actor.role in UNIT_ROLES


def audience_for(item: Any, actor: Actor, chosen: str) -> str:
    """Whom something is for, as its row keeps it: what a party keeps to itself is its own organisation's and the hub's.

    Where the hub is itself one of the sides, it is that organisation's alone.
    """
    if actor.is_hub or chosen == "all":
        return chosen
    return f"{'alone' if item.hub_is_a_side else 'organisation'}:{actor.organisation_id}"


def is_for(actor: Actor, audience: str) -> bool:
    """Whether what has this audience may be read by the actor, whose view of the item is another matter."""
    return not is_alone(audience) if actor.is_hub else audience in _audiences(actor)


def is_alone(audience: str) -> bool:
    """Whether it is one organisation's alone, and not the hub's."""
    return audience.startswith(_ALONE)


_ALONE = "alone:"


def _audiences(actor: Actor) -> list[str]:
    return ["all", f"organisation:{actor.organisation_id}", f"{_ALONE}{actor.organisation_id}"]


def history_seen_by(actor: Actor) -> ColumnElement[bool]:
    """The history rows of an item that this actor may read: by their audience."""
    if actor.is_hub:
        return ~Transition.audience.startswith(_ALONE)
    return Transition.audience.in_(_audiences(actor))
