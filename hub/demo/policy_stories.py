"""Changes of the policy set in the demo: one in every state, one of them waiting for its second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.demo.stories import HELEN, RUTH
from hub.engine.perform import perform
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.services import begin_draft, content_of, revise
from workflows.actor import SYSTEM, Actor
from workflows.durations import local
from workflows.policy import Value

SAM: Final = "Sam Ridley"
Given = tuple[str, Value, Mapping[str, str]]
"""(key, value, for whom)."""


@dataclass(frozen=True, slots=True)
class PolicyStory:
    """One change: drafted so many days ago, for a day so many days from now, and what was done about it later."""

    title: str
    days_ago: int
    values: tuple[Given, ...]
    why: str = ""
    """Why it was proposed, a day after it was drafted; empty for a draft."""
    for_day: int = 0
    steps: tuple[tuple[str, str, str], ...] = ()
    """(action, who, reason), each a day after the one before."""


PAST: Final = PolicyStory(
    "Keep imported files longer",
    60,
    (("imports.keep_file", "60 calendar days", {}),),
    "Two partners send their corrections only after a month.",
    -40,
    (("approve", RUTH, ""),),
)
"""In force since: it is made before everything else, so that what is sent later carries it."""
STORIES: Final = (
    PolicyStory(
        "Shorter time to take up a bed",
        30,
        (("placement.admit", "1 working day", {}),),
        "Offers wait too long.",
        -2,
        (("refuse", HELEN, "The units say that one day is not enough to prepare."),),
    ),
    PolicyStory(
        "Longer invitations",
        25,
        (("security.invitation", "14 calendar days", {}),),
        "Invitations end while people are on leave.",
        20,
        (("withdraw", SAM, "The referrers ask for a new link instead, which works."),),
    ),
    PolicyStory(
        "Earlier warnings",
        20,
        (("clocks.warn_percent", {"first": 30, "second": 80}, {}),),
        "More time to act.",
        30,
        (("approve", RUTH, ""), ("revoke", HELEN, "The teams would be warned of everything on its first day.")),
    ),
    PolicyStory(
        "Keep what is not sent longer",
        12,
        (("drafts.keep", "45 calendar days", {}),),
        "Referrers come back from leave and find their drafts gone.",
        9,
        (("approve", HELEN, ""),),
    ),
    PolicyStory("Pages for the weekend an hour earlier", 4, (("oncall.page_at", "15:00", {}),)),
    PolicyStory(
        "Faster answers to routine referrals",
        2,
        (
            ("referral.review", "5 calendar days", {"service_line": "cyp", "priority": "routine"}),
            ("referral.review", "10 calendar days", {"service_line": "secure", "priority": "routine"}),
            ("placement.search", "3 working days", {"priority": "routine"}),
        ),
        "The review group of the three collaboratives agreed on it, and the teams have tried it since summer.",
        21,
    ),
)


def make_past_policy(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """The change that came into force; before any item is made."""
    change = _make(session, people, PAST, now)
    perform(session, change, "begin", SYSTEM, now=change.in_force_from or now)


def make_policy_changes(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """The others, oldest first."""
    for story in STORIES:
        _make(session, people, story, now)


def _make(session: Session, people: Mapping[str, Actor], story: PolicyStory, now: datetime) -> PolicyChange:
    sam, at = people[SAM], (now - timedelta(days=story.days_ago)).replace(second=0, microsecond=0)
    change = begin_draft(session, story.title, actor=sam, now=at)
    policy = content_of(change)
    for key, value, given in story.values:
        policy = policy.with_value(key, value, **given)
    entries = {key: policy.entries[key] for key, _, _ in story.values}
    revise(session, change, entries, actor=sam, now=at + timedelta(minutes=20), seen=change.version)
    if story.why:
        day = local(now).date() + timedelta(days=story.for_day)
        at += timedelta(hours=22)
        perform(session, change, "propose", sam, now=at, values={"effective_on": day}, reason=story.why)
    for action, who, reason in story.steps:
        at += timedelta(days=1)
        perform(session, change, action, people[who], now=at, reason=reason or None)
    return change
