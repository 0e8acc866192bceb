"""Who is told of what: a table from topic to people, and the reading that turns it into accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.accounts.on_call import on_call_now
from hub.engine.clock_names import read_row_owners
from hub.engine.clocks import key_of
from hub.engine.models import ItemParty, Transition, WorkItem
from hub.engine.outbox import Outgoing
from hub.engine.sweep import RANG, WARNED
from hub.engine.visibility import roles_that_see
from hub.messages.beside_items import told_beside_items
from hub.messages.disputes import BETWEEN_SIDES, OF_DISPUTES
from hub.messages.hearers import TAKE_IN, Person, Told, people_of, sealed_cases
from workflows import ALL
from workflows.escalation.who import SPEAKING_ROLES
from workflows.roles import UNIT_ROLES, Capacity, Role

THE_HUB = Told()
AND_REFERRER = Told(parties=(Capacity.REFERRER,))
WORKS_BY = (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.QUALITY_LEAD)
"""Who works by the policy set, and hears when another one is to come."""

TABLE: Mapping[str, Told] = {
    **OF_DISPUTES,
    "referral.submitted": THE_HUB,
    **dict.fromkeys(
        (
            "referral.accepted",
            "referral.declined",
            "referral.redirected",
            "referral.returned",
            "referral.superseded",
            "referral.withdrawn",
            "referral.reopened",
            "admission.agreed",
            "admission.alternative_agreed",
            "admission.refused",
            "admission.withdrawn",
            "admission.ratification_refused",
        ),
        AND_REFERRER,
    ),
    "admission.assessment_booked": Told(parties=(Capacity.ASSESSOR,)),
    "admission.recommended": Told(roles=(Role.HEAD_OF_COMMISSIONING,)),
    "admission.admitted_in_emergency": Told(parties=(Capacity.REFERRER,), roles=(Role.HEAD_OF_COMMISSIONING,)),
    "admission.late_assessment_signed": Told(roles=(Role.HEAD_OF_COMMISSIONING,)),
    "admission.more_asked": Told(parties=(Capacity.ASKED,)),
    "task.rest_owed": AND_REFERRER,
    "task.not_needed": AND_REFERRER,
    "task.bed_to_settle": Told(roles=(Role.HEAD_OF_COMMISSIONING,)),
    "placement.bed_accepted": Told(parties=(Capacity.REFERRER,)),
    "placement.conveyance_planned": Told(parties=(Capacity.RECEIVING,)),
    "placement.search_reopened": AND_REFERRER,
    "placement.admitted": Told(parties=(Capacity.REFERRER, Capacity.RECEIVING)),
    "placement.stood_down": AND_REFERRER,
    **dict.fromkeys(
        ("approach.asked", "approach.taken", "approach.stood_down", "approach.lapsed", "approach.taken_withdrawn"),
        Told(parties=(Capacity.ASKED,)),
    ),
    "stay.begun": Told(parties=(Capacity.TREATING,)),
    "stay.ended": Told(parties=(Capacity.TREATING,)),
    "stay.transferred": Told(parties=(Capacity.TREATING,)),
    "merge.proposed": Told(roles=(Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING)),
    "merge.undo_asked": Told(roles=(Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING)),
    **dict.fromkeys(
        ("policy_change.proposed", "policy_change.day_moved"),
        Told(roles=(Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)),
    ),
    **dict.fromkeys(("policy_change.approved", "policy_change.begun", "policy_change.revoked"), Told(roles=WORKS_BY)),
    "item.assigned": THE_HUB,
    "item.pause_asked": Told(roles=(Role.COORDINATOR,)),
    **dict.fromkeys(("item.pause_approved", "item.pause_refused"), THE_HUB),
}
"""By topic. One that is not here is heard by the owner, or by those who take it in, when its kind is in OTHERS."""

TOLD_BY_ANOTHER = frozenset({"placement.unit_approached"})
"""What nobody is told of twice: the approach that follows from it in the same moment tells the same people."""

OTHERS = frozenset({"clock", *ALL})
"""What stands before the dot of every other topic that is told to the hub alone."""

SPEAKS_FOR: Mapping[Capacity, frozenset[Role]] = {
    Capacity.REFERRER: frozenset({Role.REFERRER}),
    Capacity.ASSESSOR: frozenset({Role.ACCESS_ASSESSOR}),
    Capacity.RECEIVING: UNIT_ROLES,
    Capacity.TREATING: UNIT_ROLES,
    Capacity.SIDE: frozenset(SPEAKING_ROLES),
    Capacity.FUNDER: frozenset({Role.FUNDER}),
    Capacity.INTERESTED: frozenset({Role.OUTSIDE_MEMBER}),
}
"""Which people of an organisation hear for it; for other capacities all who may act for it."""
ANSWERS = (Capacity.ASSESSOR, Capacity.ASKED, Capacity.RECEIVING, Capacity.TREATING)
"""Whose move it is while an item waits for others, when they are party to it; else the referrer's."""


def is_told(topic: str) -> bool:
    """Whether somebody is told of `topic`; for the check that no topic goes unheard."""
    return topic in TABLE or topic.partition(".")[0] in OTHERS


@dataclass(frozen=True)
class _Around:
    """Everything that deciding about a batch needs, read at once."""

    items: Mapping[int, WorkItem]
    parties: Mapping[int, Sequence[ItemParty]]
    actors: Mapping[tuple[int, int], int | None]
    people: Sequence[Person]
    on_call: frozenset[int]
    sealed: Mapping[int, frozenset[int]]
    """Sealed cases and whom each is open to."""
    row_owners: Mapping[tuple[int, str], int]
    """Of items whose own rows have clocks: the row to the organisation it is of."""

    def is_open_to(self, item: WorkItem, person: Person) -> bool:
        """Whether somebody of the hub sees the item by their role, past the seal of its case."""
        named = self.sealed.get(item.case_id or 0)
        return person.role in roles_that_see(item.kind) and (named is None or person.user_id in named)


def who_is_told(session: Session, batch: Sequence[Outgoing], now: datetime) -> dict[int, set[int]]:
    """For each outbox row the ids of the accounts to tell, never the one who did it; a fixed number of statements."""
    told = [
        sent for sent in batch if not sent.is_silent and sent.item_id is not None and sent.topic not in TOLD_BY_ANOTHER
    ]
    around = _read(session, told, now)
    found = {sent.id: set(_people_of(sent, around)) - {_actor(sent, around)} for sent in told}
    return found | told_beside_items(session, batch, now)


def _actor(sent: Outgoing, around: _Around) -> int | None:
    if sent.topic == WARNED or sent.item_id is None:
        return None
    return around.actors.get((sent.item_id, sent.payload.get("position", 0)))


def _people_of(sent: Outgoing, around: _Around) -> Iterator[int]:
    item = around.items[sent.item_id or 0]
    told = _told_of(sent, item, around)
    inside = set(_of_the_hub(item, told, around))
    if item.case_id in around.sealed:
        inside &= around.sealed[item.case_id or 0]
    yield from inside
    yield from _named(sent, item, around)
    whose = _whose(sent, item, around)
    for party in around.parties.get(item.id, ()):
        if key_of(party) == whose or any(held in told.parties for held in party.capacities):
            yield from _for_party(party, item, around)


def _told_of(sent: Outgoing, item: WorkItem, around: _Around) -> Told:
    if sent.topic in {RANG, WARNED}:
        told = _of_a_clock(sent, item, around)
    elif item.workflow.is_between_sides and sent.topic in BETWEEN_SIDES:
        told = BETWEEN_SIDES[sent.topic]
    else:
        told = TABLE.get(sent.topic, THE_HUB)
    # Whoever convenes hears what an owner hears, in the hub or outside; no other kind has one.
    return replace(told, parties=(*told.parties, Capacity.CONVENOR))


def _whose(sent: Outgoing, item: WorkItem, around: _Around) -> str | None:
    """The party a clock runs for, or whose row it runs for, as `key_of` says it."""
    per = _per(sent)
    owner = around.row_owners.get((item.id, per or ""))
    return per if owner is None else f"organisation:{owner}"


def _per(sent: Outgoing) -> str | None:
    per = sent.payload.get("per")
    return per if isinstance(per, str) else None


def _named(sent: Outgoing, item: WorkItem, around: _Around) -> Iterator[int]:
    """Whom the row itself names, who asked for what is now answered: as long as they may see the item."""
    named = set(sent.payload.get("to", ()))
    open_to = around.sealed.get(item.case_id or 0)
    for person in around.people:  # of the hub and of the parties, and of nobody who has left
        if person.user_id in named and (not person.is_hub or open_to is None or person.user_id in open_to):
            yield person.user_id


def _of_the_hub(item: WorkItem, told: Told, around: _Around) -> Iterator[int]:
    of_the_hub = [person for person in around.people if person.is_hub]
    if any(person.user_id == item.owner_id for person in of_the_hub):
        yield item.owner_id or 0
    elif not _is_for_others(item, around):
        yield from (person.user_id for person in of_the_hub if person.role in TAKE_IN)
    if item.workflow.is_between_sides:  # who raised it for others hears how it goes
        began = {item.opened_by_id, item.opened_for_id}
        yield from (each.user_id for each in of_the_hub if each.user_id in began and around.is_open_to(item, each))
    yield from (person.user_id for person in of_the_hub if person.role in told.roles)
    if item.priority == "emergency":
        yield from around.on_call


def _is_for_others(item: WorkItem, around: _Around) -> bool:
    """Whether nobody of the hub takes it in: it is itself one of the sides, or somebody outside convenes."""
    hub = {person.organisation_id for person in around.people if person.is_hub}
    heard = {person.user_id for person in around.people}
    return any(
        (Capacity.SIDE in party.capacities and party.organisation_id in hub)
        or (Capacity.CONVENOR in party.capacities and party.user_id in heard)
        for party in around.parties.get(item.id, ())
    )


def _of_a_clock(sent: Outgoing, item: WorkItem, around: _Around) -> Told:
    """A warning or a ring: whoever is waited for outside, and the roles the clock itself names."""
    rang = [clock for clock in item.workflow.clocks if clock.name == sent.payload.get("clock")]
    roles = dict.fromkeys(role for clock in rang for role in clock.tells)
    parties = (*_waited_for(item, around), *(party for clock in rang for party in clock.tells_parties))
    return Told(parties=parties, roles=tuple(roles))


def _waited_for(item: WorkItem, around: _Around) -> tuple[Capacity, ...]:
    """Whose clock it also is: nobody's but the hub's, unless the item waits for others."""
    if item.workflow.wording_of(item.state).with_whom != "others":
        return ()
    held = {capacity for party in around.parties.get(item.id, ()) for capacity in party.capacities}
    return tuple(capacity for capacity in ANSWERS if capacity in held) or (Capacity.REFERRER,)


def _for_party(party: ItemParty, item: WorkItem, around: _Around) -> Iterator[int]:
    if party.user_id is not None:
        yield party.user_id
        return
    roles = frozenset[Role]().union(*(SPEAKS_FOR.get(Capacity(held), frozenset(Role)) for held in party.capacities))
    is_side, began = Capacity.SIDE in party.capacities, {item.opened_by_id, item.opened_for_id}
    theirs = [
        person
        for person in around.people
        if person.organisation_id == party.organisation_id
        and (not person.is_hub or (is_side and around.is_open_to(item, person)))
        and (party.unit_id in {None, person.unit_id} or (person.unit_id is None and person.role in UNIT_ROLES))
    ]
    found = {person.user_id for person in theirs if person.role in roles}
    if is_side:
        # Everybody who may speak for a side hears, so that it is not one person's to answer in time.
        yield from found | {person.user_id for person in theirs if person.user_id in began}
        return
    # Who began it hears for their team; when they have left, all of the team do.
    yield from {user_id for user_id in found if user_id in began} or found


def _read(session: Session, told: Sequence[Outgoing], now: datetime) -> _Around:
    ids = {sent.item_id for sent in told}
    if not ids:
        return _Around({}, {}, {}, (), frozenset(), {}, {})
    items = {item.id: item for item in session.scalars(select(WorkItem).where(WorkItem.id.in_(ids)))}
    parties = defaultdict(list)
    for party in session.scalars(
        select(ItemParty).where(ItemParty.item_id.in_(ids), ItemParty.until_at.is_(None)).order_by(ItemParty.id)
    ):
        parties[party.item_id].append(party)
    places = {party.organisation_id for found in parties.values() for party in found}
    clocks = [(items[sent.item_id or 0].kind, sent.item_id or 0, _per(sent)) for sent in told]
    shift = on_call_now(session, now) if any(item.priority == "emergency" for item in items.values()) else None
    return _Around(
        items=items,
        parties=parties,
        actors=actors_of(session, told),
        people=people_of(session, places, now),
        on_call=frozenset({shift.user_id} if shift else ()),
        sealed=sealed_cases(session, {item.case_id for item in items.values()}),
        row_owners=read_row_owners(session, clocks),
    )


def actors_of(session: Session, told: Sequence[Outgoing]) -> dict[tuple[int, int], int | None]:
    """Who did what some outbox rows tell, by item and place in its history; one statement."""
    rows = {(sent.item_id, sent.payload["position"]) for sent in told if "position" in sent.payload}
    found = session.execute(
        select(Transition.item_id, Transition.position, Transition.actor_id).where(
            tuple_(Transition.item_id, Transition.position).in_(rows)
        )
    )
    return {(item_id, position): actor for item_id, position, actor in found}
