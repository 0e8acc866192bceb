"""One item of a list in words: what to do, whose it is, where it stands and who owns it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

import workflows
from hub.codes import known_label
from hub.engine.rulebook import Rulebook
from hub.engine.visibility import View, keeps_the_name, view_of
from hub.web.filters import ClockFace, age
from hub.web.item_rows import face_of, item_href, to_do_of
from hub.worklist.queries import Listed
from workflows.actor import Actor
from workflows.core import upper_first

ASK_THE_HUB = "Sharing restricted: ring the hub"
"""In the place of a name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item as its row shows it."""

    face: ClockFace
    to_do: str
    href: str
    priority: str | None
    kind: str
    reference: str
    person: str
    age: int | None
    about: str
    """Age and where the person is now."""
    state: str
    with_whom: str
    owner: str | None
    """Empty when nobody owns it; None for who may not read it."""
    key: str
    """Its id and version, "123-4": what is sent when the row is chosen."""


def row_of(found: Listed, actor: Actor, book: Rulebook, now: datetime, *, longest_place: int = 32) -> Row:
    """The row of one item as `actor` may read it at `now`; a place of more characters than `longest_place` is cut."""
    item = found.item
    workflow = workflows.ALL[item.kind]
    wording = workflow.wording_of(item.state)
    is_hidden = view_of(item.kind, actor) in {View.HISTORY, View.COST}
    # To a party it is who its own item says: a number alone must not tell whose it is.
    known = found.patient if actor.is_hub else None
    is_kept_back = keeps_the_name(item.kind, actor) and found.is_restricted
    named = ASK_THE_HUB if is_kept_back else item.title or "Name not known"
    years = None if is_hidden else age(known.date_of_birth if known else found.born_on, now)
    about = _about(found, years, longest_place, is_unsaid=found.patient is not None and known is None)
    return Row(
        face=face_of(item, found.clock, book, now),
        to_do=_owed_by(found, actor) or to_do_of(wording, is_hub=actor.is_hub),
        href=item_href(item.kind, item.reference),
        priority=item.priority,
        kind=workflow.title,
        reference=item.reference,
        person="Not shown to your role" if is_hidden else known.short_name if known else named,
        age=years,
        about="" if is_hidden else about,
        state=wording.label,
        with_whom="paused" if found.clock is not None and found.clock.paused_at else wording.with_whom,
        # Of what follows a referral its referrer reads where it is, and no name.
        owner=found.owner or "" if actor.is_hub or item.kind == "referral" else None,
        key=f"{item.id}-{item.version}",
    )


def _owed_by(found: Listed, actor: Actor) -> str:
    """What the reader's own side is waited for, as the action is called that ends its clock; "" when it is not."""
    workflow = workflows.ALL[found.item.kind]
    name = (found.owed or {}).get(f"organisation:{actor.organisation_id}")
    ended_by = (action for clock in workflow.clocks if clock.name == name for action in clock.stops_on)
    return next((workflow.named(action)[0].label for action in ended_by), "")


def _about(found: Listed, years: int | None, longest: int, *, is_unsaid: bool) -> str:
    """Age and place; nothing of an age that is known but stands in no form of this item: a party is not told it."""
    place = found.where_now or known_label("location_kind", found.location_kind or "")
    unknown = "" if is_unsaid else "age not known"
    parts = [unknown if years is None else str(years), shorten(place, longest, placeholder="…")]
    said = ", ".join(part for part in parts if part)
    return upper_first(said)
