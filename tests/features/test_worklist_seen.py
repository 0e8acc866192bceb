"""The worklist's own query gives the same rows as `visible()`: for any actor, any filters, page by page."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import FAR, ItemParty, WorkItem
from hub.engine.perform import perform
from hub.engine.visibility import View, view_of, visible
from hub.web.paging import Cursor
from hub.worklist.filters import DUE, NOBODY, PLACES, Filters, due_spans
from hub.worklist.seen import listed
from tests.factories import (
    NOW,
    actor_of,
    make_membership,
    make_organisation,
    make_referral,
    make_unit,
    start_referral,
)
from workflows.actor import Actor
from workflows.roles import PERSON_ROLES, Capacity, Role

STATES = ("submitted", "in_review", "returned", "accepted", "withdrawn")
AT = NOW + timedelta(days=1)


def any_world(session: Session, chance: Random) -> list[Actor]:
    """Twenty-five items with parties of every sort, some sealed, some drafts; and who may look at them."""
    units = [make_unit(session), make_unit(session)]
    places = [make_organisation(session, f"ZW{n}", name=f"Place {n}") for n in range(3)]
    members = [make_membership(session, role) for role in PERSON_ROLES]
    members += [make_membership(session, Role.REFERRER, place) for place in places]
    members += [make_membership(session, Role.UNIT_MANAGER, unit=unit) for unit in units]
    actors = [
        replace(actor_of(member), is_on_call=member.organisation_id == members[0].organisation_id and flag)
        for member in members
        for flag in (False, True)
    ]
    referrers = [actor for actor in actors if actor.role is Role.REFERRER]
    for _ in range(25):
        referrer, priority = chance.choice(referrers), chance.choice(("emergency", "urgent", "routine"))
        now = NOW - timedelta(hours=chance.choice((0, 0, 1, 30, 100)))
        if chance.random() < 0.2:
            item: Any = start_referral(session, referrer, now=now)
        else:
            state = chance.choice([name for name in STATES if (name, priority) != ("returned", "emergency")])
            item = make_referral(session, state, priority=priority, referrer=referrer, now=now)
        if item.is_open and not item.is_draft and chance.random() < 0.4:
            owner = chance.choice([actor for actor in actors if view_of(item.kind, actor) is View.ALL])
            values = {"owner_id": owner.user_id}
            perform(session, item, "assign", actor_of(members[0]), now=now, values=values)
        add_parties(session, item, chance, actors, [unit.id for unit in units])
        if item.case_id is not None and chance.random() < 0.25:
            session.execute(update(CareCase).where(CareCase.id == item.case_id).values(is_sealed=True))
            for actor in chance.sample(actors, 3):
                if session.get(CaseSeal, (item.case_id, actor.user_id)) is None:
                    session.add(CaseSeal(case_id=item.case_id, user_id=actor.user_id))
                    session.flush()
    session.expire_all()
    return actors


def add_parties(session: Session, item: Any, chance: Random, actors: list[Actor], units: list[int]) -> None:
    """Some further parties: organisations, single units of one, persons; some whose access has ended."""
    known: set[tuple[int | None, int | None, int | None]] = set()
    for _ in range(chance.randrange(4)):
        actor, sort = chance.choice(actors), chance.choice(("organisation", "unit", "person"))
        unit = chance.choice(units) if sort == "unit" else None
        key = (None, None, actor.user_id) if sort == "person" else (actor.organisation_id, unit, None)
        is_taken = key in known or any(
            (party.organisation_id, party.unit_id, party.user_id) == key for party in item.parties
        )
        if is_taken:
            continue
        known.add(key)
        session.add(
            ItemParty(
                item_id=item.id,
                organisation_id=key[0],
                unit_id=key[1],
                user_id=key[2],
                capacities=[chance.choice((Capacity.REFERRER, Capacity.INTERESTED))],
                from_at=NOW,
                until_at=NOW if chance.random() < 0.2 else None,
                kind=item.kind,
                is_open=item.is_open,
                next_due_at=item.next_due_at,
            )
        )
    session.flush()


def any_filters(chance: Random, actors: list[Actor], organisations: list[int]) -> Filters:
    """Filters of every sort, each on in about a third of the cases."""

    def some(values: Any) -> tuple[str, ...]:
        return tuple(value for value in values if chance.random() < 0.5) if chance.random() < 0.35 else ()

    owner = chance.choice(("", "", "", "me", NOBODY, str(chance.choice(actors).user_id)))
    organisation = chance.choice(organisations) if chance.random() < 0.2 else None
    return Filters(
        kind=some(("referral",)),
        due=some(DUE),
        where=some(PLACES),
        priority=some(("emergency", "urgent", "routine")),
        owner=owner,
        organisation=organisation,
        needs=some(("decision",)),
        state=chance.choice(("", "", "", "", "referral.in_review", "referral.draft")),
        arrived=AT - timedelta(hours=chance.choice((25, 40, 200))) if chance.random() < 0.2 else None,
        before=AT + timedelta(hours=chance.choice((-10, 1, 100))) if chance.random() < 0.2 else None,
    )


def fits(item: WorkItem, filters: Filters, actor: Actor) -> bool:
    """The same question, asked in plain words."""
    due = next(
        name
        for name, (start, end) in due_spans(AT).items()
        if (start is None or item.next_due_at >= start) and (end is None or item.next_due_at < end)
    )
    is_paused = item.next_due_at == FAR and any(clock.paused_at and not clock.stopped_at for clock in item.clocks)
    place = "paused" if is_paused else {"returned": "others", "draft": "others"}.get(item.state, "us")
    referring = {
        party.organisation_id for party in item.parties if party.until_at is None and "referrer" in party.capacities
    }
    owner = {"me": actor.user_id, NOBODY: None}.get(filters.owner, filters.owner)
    return (
        (not filters.kind or item.kind in filters.kind)
        and (not filters.due or due in filters.due)
        and (not filters.where or place in filters.where)
        and (not filters.priority or item.priority in filters.priority)
        and (not filters.owner or str(item.owner_id) == str(owner))
        and (filters.organisation is None or filters.organisation in referring)
        and (not filters.needs or item.state == "in_review")
        and (not filters.state or f"{item.kind}.{item.state}" == filters.state)
        and (filters.arrived is None or (not item.is_draft and arrived(item) >= filters.arrived))
        and (filters.before is None or item.next_due_at < filters.before)
    )


def arrived(item: WorkItem) -> datetime:
    """From when its first clock counts; for one that never had a clock, when it was opened."""
    return min((clock.started_at for clock in item.clocks), default=item.opened_at)


def page_by_page(session: Session, actor: Actor, filters: Filters, size: int, now: datetime = AT) -> list[int]:
    """Every id of the list, read in pages of `size`."""
    found: list[int] = []
    after: Cursor | None = None
    while rows := session.execute(listed(actor, filters, now, size, after)).all():
        found += [row.id for row in rows]
        after = Cursor(rows[-1].due, rows[-1].id)
    return found


@pytest.mark.property
@pytest.mark.parametrize("seed", range(6))
def test_the_same_rows_as_visible(session: Session, seed: int) -> None:
    chance = Random(seed)
    actors = any_world(session, chance)
    organisations = sorted({actor.organisation_id for actor in actors if actor.organisation_id is not None})
    shown = 0
    for actor in actors:
        open_now = session.scalars(
            visible(WorkItem, actor).where(WorkItem.is_open).order_by(WorkItem.next_due_at, WorkItem.id)
        ).all()
        assert page_by_page(session, actor, Filters(), chance.randint(1, 9)) == [item.id for item in open_now]
        shown += len(open_now)
        for _ in range(4):
            filters = any_filters(chance, actors, organisations)
            wanted = [item.id for item in open_now if fits(item, filters, actor)]
            assert page_by_page(session, actor, filters, chance.randint(1, 9)) == wanted, (actor, filters)
    assert shown > len(actors)


def test_the_copies_on_the_party_rows_are_the_items_own(session: Session) -> None:
    """What an organisation's list starts on is kept by the engine through every action."""
    make_referral(session, "returned", priority="routine")
    make_referral(session, "in_review", priority="urgent", step=timedelta(hours=2))
    make_referral(session, "withdrawn")
    rows = session.execute(
        select(ItemParty, WorkItem.is_open, WorkItem.next_due_at, WorkItem.kind).join(
            WorkItem, WorkItem.id == ItemParty.item_id
        )
    ).all()
    assert len(rows) >= 3
    for party, is_open, due, kind in rows:
        assert (party.is_open, party.next_due_at, party.kind) == (is_open, due, kind)
