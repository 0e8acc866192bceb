"""Who and what can be chosen on the forms of a dispute: people who may convene or decide, organisations, actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.conflicts.queries import standings
from hub.escalations.answers import speakers_of
from hub.escalations.settlement_models import AgreedAction
from hub.escalations.side_models import Side
from hub.escalations.standing import DECIDE, convening_roles, kept_out, today_of, who_may_be_asked
from hub.flash_points.queries import standing_points
from hub.organisations.models import Organisation
from hub.web.filters import day

Pairs = list[tuple[str, str]]


def convenors(session: Session, item: Any, first: int | None) -> Pairs:
    """Everybody who can convene, without who convenes now; `first` (a user) is the first when they can."""
    who = who_may_be_asked(session, item, convening_roles(item))
    who.pop(item.convenor_id, None)
    free = _free(session, item, who)
    return sorted(free, key=lambda pair: pair[0] != str(first))


def panel_people(session: Session, item: Any) -> Pairs:
    """Everybody who can sit on the panel, without who convenes."""
    who = who_may_be_asked(session, item, DECIDE)
    who.pop(item.convenor_id, None)
    return _free(session, item, who)


def _free(session: Session, item: Any, who: Mapping[int, str]) -> Pairs:
    """Those whom nothing keeps out, each with where they belong."""
    today = today_of(item)
    reasons = kept_out(session, item, who)
    known = standings(session, who, today)
    found = []
    for user_id, name in who.items():
        if not reasons.get(user_id):
            posts = known[user_id].posts
            places = dict.fromkeys(post.place.name for post in posts if post.until_on is None or post.until_on >= today)
            found.append((str(user_id), ", ".join((name, *places))))
    return found


def speakers(session: Session, item: Any, sides: Iterable[Side]) -> Pairs:
    """The people who may speak for these sides, each with their side."""
    today = today_of(item)
    return [
        (str(user_id), f"{name}, {side.name}")
        for side in sides
        for user_id, name in speakers_of(session, side.organisation_id, today).items()
    ]


def owners(session: Session, item: Any) -> Pairs:
    """The organisations an action may belong to: the sides in their order, then the others."""
    known = {side.organisation_id: side.name for side in item.sides}
    others = item.possible_owners - set(known)
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(others)).order_by(Organisation.name)
    )
    return [(str(identity), name) for identity, name in (*known.items(), *((row[0], row[1]) for row in rows))]


def flash_points(session: Session) -> Pairs:
    """The flash points in use."""
    return [(str(point.id), f"{point.id}: {point.goes_wrong}") for point in standing_points(session)]


def in_words(actions: Iterable[AgreedAction]) -> Pairs:
    """Each action by its number: what, whose and by when."""
    return [
        (str(each.number), f"{each.number}. {each.what.rstrip('.')}: {each.owner.name}, by {day(each.due_on)}")
        for each in actions
    ]
