"""Which kind of message a topic is: what a person can ask to have by e-mail at once, once a day, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.accounts.asking import ASKED_TOPIC
from hub.messages import disputes
from hub.organisations.topics import BEDS_STALE


class Way(StrEnum):
    """How somebody has messages of a kind by e-mail. The inbox shows every message, whatever is chosen."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    OFF = "off"


WAY_WORDS: Final[Mapping[Way, str]] = {
    Way.AT_ONCE: "At once",
    Way.DAILY: "Once a day, together",
    Way.OFF: "No e-mail",
}


class MessageKind(StrEnum):
    """The kinds, in the order they are shown."""

    ANSWER_NEEDED = "answer_needed"
    DEADLINE = "deadline"
    NEWS = "news"
    CALENDAR_AND_RULES = "calendar_and_rules"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class KindWords:
    """What a kind is called, what it holds, and how one has it who never chose."""

    title: str
    one: str
    """Of one message, and `many` of several: "deadline", "deadlines"."""
    many: str
    about: str
    usual: Way


WORDS: Final[Mapping[MessageKind, KindWords]] = {
    MessageKind.ANSWER_NEEDED: KindWords(
        "Waiting for you",
        "matter that waits for you",
        "matters that wait for you",
        "Somebody asks you something, or needs your decision, or has given you work.",
        Way.AT_ONCE,
    ),
    MessageKind.DEADLINE: KindWords(
        "Deadlines", "deadline", "deadlines", "A deadline comes near, or has passed.", Way.AT_ONCE
    ),
    MessageKind.NEWS: KindWords(
        "News", "piece of news", "pieces of news", "Something happened to what you own or take part in.", Way.DAILY
    ),
    MessageKind.CALENDAR_AND_RULES: KindWords(
        "Calendar and rules",
        "change of calendar or rules",
        "changes of calendar or rules",
        "A holiday was added, or a rule changes.",
        Way.DAILY,
    ),
    MessageKind.ADMINISTRATION: KindWords(
        "Running the hub",
        "matter of running the hub",
        "matters of running the hub",
        "E-mail that did not arrive, and other things administrators look after.",
        Way.DAILY,
    ),
}

MAIL_GIVEN_UP: Final = "hub.mail_given_up"
"""E-mails that the hub could not send and does not try again by itself."""

ANSWER_INSIDE: Final = frozenset(
    {
        ASKED_TOPIC,
        "referral.submitted",
        "admission.recommended",
        "admission.admitted_in_emergency",
        "admission.late_assessment_signed",
        "approach.offered",
        "task.bed_to_settle",
        "merge.proposed",
        "merge.undo_asked",
        "policy_change.proposed",
        "item.assigned",
        "item.pause_asked",
        "oncall.pages",
        *disputes.ANSWER_INSIDE,
    }
)
"""What people of the hub must answer, decide or take up."""
ANSWER_OUTSIDE: Final = frozenset(
    {
        BEDS_STALE,
        "referral.returned",
        "admission.assessment_booked",
        "admission.more_asked",
        "approach.asked",
        "task.rest_owed",
        "item.assigned",
        "item.pause_asked",
        *disputes.ANSWER_OUTSIDE,
    }
)
"""What people outside the hub must."""
BY_FIRST_WORD: Final[Mapping[str, MessageKind]] = {
    "clock": MessageKind.DEADLINE,
    "calendar": MessageKind.CALENDAR_AND_RULES,
    "policy_change": MessageKind.CALENDAR_AND_RULES,
    "account": MessageKind.ADMINISTRATION,
    "hub": MessageKind.ADMINISTRATION,
}
"""By what stands before the dot of the topic; every other one is news."""


def kind_of(topic: str, *, is_hub: bool) -> MessageKind:
    """The kind of a topic, as somebody of the hub or somebody outside it hears of it."""
    if topic in (ANSWER_INSIDE if is_hub else ANSWER_OUTSIDE):
        return MessageKind.ANSWER_NEEDED
    return BY_FIRST_WORD.get(topic.partition(".")[0], MessageKind.NEWS)
