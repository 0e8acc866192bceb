"""Everything that must be right before an action is done: who, what is missing, the answers, the reason."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from hub.codes import codes
from hub.codes import why_not as why_no_code
from hub.engine.authority import why_not
from hub.engine.documents import StoredFile
from hub.engine.refusal import Problem
from hub.engine.turn import Turn, as_json
from workflows.core import Action, Actor, Ask, Need
from workflows.durations import LONDON
from workflows.roles import Role

MOST_ROWS = 30
"""Rows in one answer that is a table."""
LONGEST_ANSWER = 8_000
"""Characters in one answer."""
EARLIEST_YEAR = 1900
LARGEST_NUMBER = 2_147_483_647
"""What a column of whole numbers can hold."""


def problems_of(turn: Turn) -> list[Problem]:
    """All that is wrong, in the order a person would mend it; empty when the action can be done."""
    refused = why_not(turn.kind.workflow, turn.action, turn.item, turn.actor, turn.parties)
    found = [Problem(refused)] if refused else []
    found += [Problem(words) for words in missing(turn.action, turn.item, turn.actor)]
    found += _answers(turn, is_theirs=not refused)
    if turn.action.reason and not turn.reason:
        found.append(Problem("Give your reason", "reason"))
    if turn.reason and (wrong := wrong_reason(turn.reason)):
        found.append(Problem(wrong, "reason"))
    return found


def wrong_reason(reason: str) -> str | None:
    """Why a text cannot be kept as a reason, or None."""
    if len(reason) <= LONGEST_ANSWER and _can_be_stored(reason):
        return None
    return f"The reason must be text of at most {LONGEST_ANSWER:,} characters"


def missing(action: Action, item: Any, actor: Actor) -> list[str]:
    """What must already be true and is not, one sentence each."""
    return [words for need in action.needs for words in reasons(need, item, actor)]


def reasons(need: Need, item: Any, actor: Actor) -> list[str]:
    """Why one need does not hold; empty when it does."""
    said = need(item, actor)
    if said is None:
        return []
    return [said] if isinstance(said, str) else list(said)


def _answers(turn: Turn, *, is_theirs: bool) -> Iterator[Problem]:
    known = {ask.name for ask in turn.action.questions}
    for name in turn.values:
        if name not in known:
            yield Problem(f"“{name}” is not asked for here", name)
    # Of a form that is filled in bit by bit, what is left out is not an answer; of any other, it is an empty one.
    is_bit_by_bit = all(ask.optional for ask in turn.action.questions)
    for ask in turn.action.questions:
        value = turn.values.get(ask.name)
        if _is_empty(value):
            if not ask.optional:
                yield Problem(_please(ask), ask.name)
                continue
            if ask.name in turn.values:
                turn.values[ask.name] = None
            elif is_bit_by_bit:
                continue
        elif wrong := wrong_kind(ask, value) or wrong_tense(ask, value, turn.now):
            yield Problem(wrong, ask.name)
            continue
        elif found := list(wrong_rows(ask, value, turn.now)):
            yield from found
            continue
        # A check may name other items, so it speaks to those alone who may give the answer.
        if is_theirs and ask.check is not None and (said := ask.check(turn.item, turn.values)):
            yield Problem(said, ask.name)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def wrong_rows(ask: Ask, rows: Any, now: datetime) -> Iterator[Problem]:
    """Why a table cannot be the answer, cell by cell; every other kind has no rows.

    The field of a problem of one cell is "actions-1-due_on": the answer, the row's place from 0, the part.
    """
    if ask.kind != "rows":
        return
    parts = {part.name: part for part in ask.parts}
    if not 1 <= len(rows) <= MOST_ROWS:
        said = f"{ask.label}: write at least one" if not rows else f"{ask.label}: give at most {MOST_ROWS}"
        yield Problem(said, ask.name)
    elif any(not isinstance(row, dict) or row.keys() - parts.keys() for row in rows):
        yield Problem(f"{ask.label}: this is not an answer of the right kind", ask.name)
    else:
        for place, name in product(range(len(rows)), parts):
            if wrong := _wrong_cell(parts[name], rows[place].get(name), now):
                said = f"{ask.label}, number {place + 1}: {wrong[:1].lower()}{wrong[1:]}"
                yield Problem(said, f"{ask.name}-{place}-{name}")


def _wrong_cell(part: Ask, value: Any, now: datetime) -> str | None:
    if _is_empty(value):
        return None if part.optional else _please(part)
    return wrong_kind(part, value) or wrong_tense(part, value, now)


def _please(ask: Ask) -> str:
    if ask.kind == "file":
        return "Choose at least one file"
    if ask.kind in {"choice", "yes_no", "choices", "organisation", "unit", "person", "document"}:
        return f"{ask.label.rstrip('?')}: choose an answer"
    if ask.kind == "tick":
        return "Tick the box to go on"
    return f"{ask.label.rstrip('?')}: write an answer"


def wrong_kind(ask: Ask, value: Any) -> str | None:
    """Why a value cannot be the answer to `ask`, or None: its type, its length, its code list."""
    expected: dict[str, type | tuple[type, ...]] = {
        "yes_no": bool,
        "tick": bool,
        "moment": datetime,
        "date": date,
        "number": int,
        "person": int,
        "unit": int,
        "document": int,
        "file": StoredFile,
        "organisation": (int, str) if ask.name.endswith("_id") else str,
        "choices": (list, tuple),
        "rows": (list, tuple),
    }
    if ask.kind == "number" and not isinstance(value, int):
        return f"{ask.label.rstrip('?')}: write a whole number, such as 12"
    if not isinstance(value, expected.get(ask.kind, str)) or (
        isinstance(value, bool) and ask.kind not in {"yes_no", "tick"}
    ):
        return f"{ask.label.rstrip('?')}: this is not an answer of the right kind"
    if isinstance(value, int) and not 0 <= value <= LARGEST_NUMBER:
        wanted = "give a whole number from 0 up, not so large" if ask.kind == "number" else "choose one from the list"
        return f"{ask.label.rstrip('?')}: {wanted}"
    if isinstance(value, str):
        if len(value) > LONGEST_ANSWER:
            return f"{ask.label.rstrip('?')}: use at most {LONGEST_ANSWER:,} characters"
        if not _can_be_stored(value):
            return f"{ask.label.rstrip('?')}: this holds a character that cannot be stored"
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{ask.label.rstrip('?')}: this is not an answer of the right kind"
    chosen = value if isinstance(value, (list, tuple)) else [value]
    if ask.codes and (unusable := [str(code) for code in chosen if str(code) not in codes(ask.codes)]):
        said = why_no_code(ask.codes, unusable[0]) or "choose one from the list"
        return f"{ask.label.rstrip('?')}: {said}"
    return None


def wrong_tense(ask: Ask, value: Any, now: datetime) -> str | None:
    """Why a date or moment cannot be meant: a slip in the year, one to come that has been, or the other way round."""
    if not isinstance(value, date):
        return None
    today = now.astimezone(LONDON).date()
    day = value.date() if isinstance(value, datetime) else value
    if day.year < EARLIEST_YEAR or day > today + timedelta(days=ask.within_days):
        return f"{ask.label.rstrip('?')}: this is too far away; look at the year again"
    if not isinstance(value, datetime):
        is_over = ask.tense == "future" and value < today
        return f"{ask.label.rstrip('?')}: this day has passed already; give a day to come" if is_over else None
    if ask.tense == "future" and value <= now:
        return f"{ask.label.rstrip('?')}: this has passed already; give a time to come"
    if ask.tense == "past" and value > now:
        return f"{ask.label.rstrip('?')}: this has not happened yet; give a time that has been"
    return None


def _can_be_stored(text: str) -> bool:
    """PostgreSQL's text takes no NUL and no half of a surrogate pair."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def marked(turn: Turn) -> None:
    """Keep on the item who did this and when, where the action is one that others are compared with."""
    word, actor = turn.action.marks, turn.actor
    if word:
        # The role that gave the power: on-call's, where the person's own does not have it.
        role = actor.role if any(may.role is actor.role for may in turn.action.by) else Role.ON_CALL
        turn.change(f"{word}_by_id", actor.user_id, enter=False)
        if f"{word}_for_id" in turn.kind.own:
            turn.change(f"{word}_for_id", actor.on_behalf_of, enter=False)
        turn.change(f"{word}_role", str(role), enter=False)
        turn.change(f"{word}_at", turn.now, enter=False)


def entered_values(turn: Turn) -> None:
    """Put the answers on the item where it has such a column; history keeps all of them, old and new."""
    for name, value in turn.values.items():
        if turn.has_column(name):
            turn.change(name, value)
        elif not _is_empty(value):
            turn.entered[name] = {"new": as_json(value)}
