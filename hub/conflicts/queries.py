"""What is known of people before they convene or decide: where they belong, where they did, and what they declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.conflicts.models import Interest
from hub.organisations.models import Organisation
from workflows.conflicts import Place, Post, Standing, Tie


def place_of(organisation: Organisation) -> Place:
    """An organisation as the rule of exclusion knows it."""
    return Place(organisation.id, organisation.name, organisation.arm, organisation.parent_id)


def standings(session: Session, user_ids: Iterable[int], today: date) -> dict[int, Standing]:
    """What is known of these people on a day, a London date; two statements. Unknown numbers are left out.

    Nobody belongs to an organisation that has ended: its last day is theirs.
    """
    wanted = sorted(set(user_ids))
    posts: dict[int, list[Post]] = defaultdict(list)
    names: dict[int, str] = {}
    rows = session.execute(
        select(
            UserAccount.id,
            UserAccount.name,
            Organisation,
            func.least(Membership.until_on, Organisation.until_on),  # of two, PostgreSQL passes over a null
        )
        .outerjoin(Membership, (Membership.user_id == UserAccount.id) & (Membership.from_on <= today))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(UserAccount.id.in_(wanted))
        .order_by(UserAccount.id, Organisation.name, Membership.id)
    )
    for user_id, name, organisation, until_on in rows:
        names[user_id] = name
        if organisation is not None:
            posts[user_id].append(Post(place_of(organisation), until_on))
    ties: dict[int, list[Tie]] = defaultdict(list)
    declared = session.execute(
        select(Interest, Organisation)
        .join(Organisation, Organisation.id == Interest.organisation_id)
        .where(Interest.user_id.in_(wanted), Interest.taken_back_at.is_(None), Interest.from_on <= today)
        .order_by(Interest.id)
    )
    for interest, organisation in declared:
        ties[interest.user_id].append(Tie(place_of(organisation), interest.what, interest.until_on))
    return {
        user_id: Standing(user_id, name, tuple(posts[user_id]), tuple(ties[user_id])) for user_id, name in names.items()
    }
