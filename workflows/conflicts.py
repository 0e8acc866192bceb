"""Who is kept out of convening or deciding between organisations, and why: one rule for every workflow that needs it.

Source: quality and governance of the shared design, 2.8: the hub and the provider arm of a lead provider are kept
apart, interests are declared in a register, and nobody decides who acted for a side.

Three things the source leaves open are decided here:

- Who belonged to a side, and left, is kept out for as many months as an interest that ended that day would.
- The two arms of a lead provider and the lead provider itself are one body, but for the hub: its people stand apart
  by design, so they may convene where the provider arm, or the lead, is a side. Nobody else of the body may.
- An interest in one part of that body counts as one in the part that is a side, again but for the hub.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

HUB_ARM = "hub"
PROVIDER_ARM = "provider"


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation: its name, which arm of a lead provider it is ("hub", "provider" or None), and that lead."""

    organisation_id: int
    name: str
    arm: str | None = None
    parent_id: int | None = None

    @property
    def lead_id(self) -> int:
        """The lead provider that this is an arm of, else the organisation itself."""
        return self.parent_id if self.arm is not None and self.parent_id is not None else self.organisation_id


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody belongs; `until_on` is their last day there, None while there is none."""

    place: Place
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A declared interest in an organisation; `until_on` is its last day, None while it lasts."""

    place: Place
    what: str
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one person: where they belong or belonged, and what they declared."""

    user_id: int
    name: str
    posts: tuple[Post, ...] = ()
    ties: tuple[Tie, ...] = ()


class Why(StrEnum):
    """The rules, by name."""

    BELONGS = "belongs"
    SAME_BODY = "same_body"
    BELONGED = "belonged"
    INTEREST = "interest"
    ACTED = "acted"


@dataclass(frozen=True, slots=True)
class KeptOut:
    """One reason why somebody is kept out, in words that follow their name.

    `brief` is for everybody who takes part; `words` also say what an interest is, which is the person's own matter and
    that of those who appoint.
    """

    why: Why
    brief: str
    words: str


def why_kept_out(
    person: Standing,
    sides: Sequence[Place],
    *,
    acted_for: Mapping[int, str],
    today: date,
    lasts_months: int,
) -> tuple[KeptOut, ...]:
    """Every reason why a person may neither convene nor decide between `sides`; empty when there is none.

    `acted_for`: user id to the name of the side they acted for. An interest, and having belonged to a side, counts for
    `lasts_months` months after its last day.
    """
    found = [_plain(*reason) for post in person.posts for reason in _of_post(post, sides, today, lasts_months)]
    for tie in person.ties:
        if _is_touched(tie.place, sides) and not is_over(tie.until_on, today, lasts_months):
            brief = f"has declared an interest in {tie.place.name}{_until(tie.until_on)}"
            found.append(KeptOut(Why.INTEREST, brief, f"{brief}: {tie.what}"))
    if person.user_id in acted_for:
        found.append(_plain(Why.ACTED, f"acted for {acted_for[person.user_id]} in this dispute"))
    return tuple(dict.fromkeys(found))


def is_over(until_on: date | None, today: date, lasts_months: int) -> bool:
    """Whether what ended on `until_on`, a London date, counts no more; None: it goes on."""
    if until_on is None:
        return False
    year, month = divmod(until_on.year * 12 + until_on.month - 1 + lasts_months, 12)
    # A month without that day is over with its last one.
    return (today.year, today.month, today.day) > (year, month + 1, until_on.day)


def _plain(why: Why, words: str) -> KeptOut:
    return KeptOut(why, words, words)


def _of_post(post: Post, sides: Sequence[Place], today: date, lasts_months: int) -> list[tuple[Why, str]]:
    place = post.place
    if not _is_touched(place, sides) or is_over(post.until_on, today, lasts_months):
        return []
    if post.until_on is not None and post.until_on < today:
        return [(Why.BELONGED, f"belonged to {place.name}{_until(post.until_on)}")]
    if any(side.organisation_id == place.organisation_id for side in sides):
        return [(Why.BELONGS, f"belongs to {place.name}, which is one of the sides")]
    what = "the provider arm of the lead provider" if place.arm == PROVIDER_ARM else "the lead provider"
    return [(Why.SAME_BODY, f"belongs to {place.name}, {what} that is one of the sides")]


def _is_touched(place: Place, sides: Sequence[Place]) -> bool:
    """Whether an organisation is one of the sides, or of the body of one; the hub only when it is a side itself."""
    if any(side.organisation_id == place.organisation_id for side in sides):
        return True
    return place.arm != HUB_ARM and any(side.lead_id == place.lead_id for side in sides)


def _until(until_on: date | None) -> str:
    return f", until {until_on:%-d %B %Y}" if until_on is not None else ""
