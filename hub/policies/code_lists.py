"""An administrator's changes to code lists: a new code, another label, an end; nothing is ever removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub import codes
from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change, refuse_if_changed
from hub.engine.code_lists import CodeEntry, keep_up
from hub.engine.refusal import ActionRefused, Problem
from workflows import form1
from workflows.actor import Actor
from workflows.durations import date_words, local

LONGEST_LABEL: Final = 200
LONGEST_SOURCE: Final = 200
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_ONE_DAY: Final = timedelta(days=1)
_EVERY: Final = frozenset[str]()

FIXED: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "priority": (_EVERY, "the times to answer and the order of every list go by the priority"),
    "service_line": (_EVERY, "collaboratives, limits and the times to answer go by the service line"),
    "audience": (_EVERY, "it decides who may read a note"),
    "admission_recommendation": (_EVERY, "what may be decided follows from what was recommended"),
    "objector": (_EVERY, "an objection makes a decision contested"),
    "consent_basis": (
        frozenset({form1.NO_CONSENT}),
        "Form 1 asks for another lawful basis when no consent was established",
    ),
    "legal_status": (form1.DETAINED, "Form 1 asks from when a person has been held under it"),
    "learning_disability": (form1.LD_OR_AUTISM_POSSIBLE, "it calls for a care and treatment review"),
    "autism": (form1.LD_OR_AUTISM_POSSIBLE, "it calls for a care and treatment review"),
    "nhs_number_status": (frozenset({"05"}), "the hub gives it when two records claim one NHS number"),
}
"""Codes the program itself acts on, and what it does with them. An empty set: every code of the list."""


def why_fixed(list_name: str, code: str) -> str:
    """Why a code cannot be ended, as a sentence; empty when it can."""
    fixed, why = FIXED.get(list_name, (None, ""))
    if fixed is None or (fixed and code not in fixed):
        return ""
    return f"It cannot be ended: {why}"


def is_closed(list_name: str) -> bool:
    """Whether the program acts on every code of a list, so that a new one would mean nothing to it."""
    fixed, _ = FIXED.get(list_name, (None, ""))
    return fixed is not None and not fixed


def add_code(
    session: Session,
    by: Actor,
    list_name: str,
    code: str,
    label: str,
    *,
    from_on: date,
    to_on: date | None,
    source: str,
    more: Mapping[str, str],
    why: str,
    now: datetime,
    seen: int,
) -> None:
    """A code the list has not got on that day: a new one, or one that had ended. ActionRefused names what is wrong."""
    _begin(session, list_name, seen)
    wrong = []
    if is_closed(list_name):
        wrong.append(Problem(f"This list takes no new code: {FIXED[list_name][1]}"))
    if not _CODE.fullmatch(code):
        wrong.append(Problem("Write the code with letters, digits, dots, hyphens and lines below, 40 at most", "code"))
    known = {row.code.casefold(): row.code for row in codes.rows(list_name)}
    if known.get(code.casefold(), code) != code:
        wrong.append(Problem(f"The list writes this code {known[code.casefold()]}", "code"))
    taken = [row for row in codes.rows(list_name) if row.code == code and (row.to_on is None or row.to_on >= from_on)]
    if taken:
        until = f"until {date_words(taken[-1].to_on)}" if taken[-1].to_on else "with no end"
        wrong.append(Problem(f"{code} is on the list already, {until}, as “{taken[-1].label}”", "code"))
    if to_on is not None and to_on < from_on:
        wrong.append(Problem("The last day is before the first day", "to_on"))
    wrong += _wrong_words(label, source)
    wrong += _wrong_detail(more)
    if wrong:
        raise ActionRefused(wrong)
    _enter(session, by, list_name, code, label.strip(), from_on, to_on, source.strip(), more, now)
    new = {
        "Code": code,
        "Label": label.strip(),
        "First day": from_on,
        "Last day": to_on,
        "Source": source.strip(),
        **more,
    }
    log_change(session, by, Subject.CODE_LIST, list_name, "Code added", now=now, new=new, why=why.strip())


def rename_code(
    session: Session,
    by: Actor,
    list_name: str,
    code: str,
    label: str,
    *,
    from_on: date,
    source: str,
    why: str,
    now: datetime,
    seen: int,
) -> None:
    """Another label from a day on; the old one stays for the days before. ActionRefused names what is wrong."""
    _begin(session, list_name, seen)
    row = _row(list_name, code)
    wrong = _wrong_words(label, source)
    if from_on < local(now).date():
        wrong.append(Problem("Give today or a later day: what was recorded before keeps its old label", "from_on"))
    if row.to_on is not None and row.to_on < from_on:
        wrong.append(Problem(f"The code ended on {date_words(row.to_on)}", "from_on"))
    if row.from_on is not None and from_on <= row.from_on:
        wrong.append(
            Problem(f"It is called “{row.label}” from {date_words(row.from_on)} on: give a later day", "from_on")
        )
    if label.strip() == row.label:
        wrong.append(Problem("It is called so already", "label"))
    if wrong:
        raise ActionRefused(wrong)
    _enter(session, by, list_name, code, label.strip(), from_on, row.to_on, source.strip(), row.more, now)
    old, new = {"Code": code, "Label": row.label}, {"Code": code, "Label": label.strip(), "First day": from_on}
    log_change(session, by, Subject.CODE_LIST, list_name, "Label changed", now=now, old=old, new=new, why=why.strip())


def end_code(
    session: Session, by: Actor, list_name: str, code: str, *, last_day: date, why: str, now: datetime, seen: int
) -> None:
    """The last day on which a code may be chosen; records keep it. ActionRefused names what is wrong."""
    _begin(session, list_name, seen)
    row = _row(list_name, code)
    wrong = []
    if said := why_fixed(list_name, code):
        wrong.append(Problem(said))
    if last_day < local(now).date() - _ONE_DAY:
        wrong.append(Problem("Give yesterday, to end it at once, or a later day", "last_day"))
    if row.to_on is not None and row.to_on <= last_day:
        wrong.append(Problem(f"Its last day is {date_words(row.to_on)} already", "last_day"))
    if row.from_on is not None and last_day < row.from_on:
        wrong.append(Problem(f"It begins only on {date_words(row.from_on)}: give that day or a later one", "last_day"))
    others = set(codes.codes(list_name, last_day + _ONE_DAY)) - {code}
    if not others:
        wrong.append(Problem("It is the last code of the list. Add another one first", "last_day"))
    if wrong:
        raise ActionRefused(wrong)
    _enter(session, by, list_name, code, None, None, last_day, row.source, {}, now)
    old, new = (
        {"Code": f"{code}, {row.label}", "Last day": row.to_on},
        {"Code": f"{code}, {row.label}", "Last day": last_day},
    )
    log_change(session, by, Subject.CODE_LIST, list_name, "Code ended", now=now, old=old, new=new, why=why.strip())


def _begin(session: Session, list_name: str, seen: int) -> None:
    """One change at a time, on the lists as they are now."""
    hold(session, Lock.CODE_LISTS)
    keep_up(session)
    refuse_if_changed(session, Subject.CODE_LIST, list_name, seen)


def _row(list_name: str, code: str) -> codes.Code:
    """The code's last row, which a change follows."""
    mine = [row for row in codes.rows(list_name) if row.code == code]
    if not mine:
        raise ActionRefused([f"{code} is not on the list"])
    return max(mine, key=lambda row: row.from_on or date.min)


def _wrong_words(label: str, source: str) -> list[Problem]:
    wrong = []
    if not label.strip() or len(label) > LONGEST_LABEL:
        wrong.append(Problem(f"Enter what the code is called, in {LONGEST_LABEL} letters or fewer", "label"))
    if not source.strip() or len(source) > LONGEST_SOURCE:
        wrong.append(
            Problem("Enter where the code comes from, for example “NHS Data Dictionary” or “Hub list”", "source")
        )
    return wrong


def _wrong_detail(more: Mapping[str, str]) -> list[Problem]:
    """What a list's own columns must hold, so that the program can read them."""
    wrong = []
    for name, text in more.items():
        if name.startswith("max_") and text and not (text.isascii() and text.isdecimal() and 0 < int(text) < 1000):
            wrong.append(Problem("Write a whole number, or leave it empty", name))
        if name == "service_line" and text and text not in codes.codes("service_line"):
            wrong.append(Problem("Choose a service line", name))
    return wrong


def _enter(
    session: Session,
    by: Actor,
    list_name: str,
    code: str,
    label: str | None,
    from_on: date | None,
    to_on: date | None,
    source: str,
    more: Mapping[str, str],
    now: datetime,
) -> None:
    entry = CodeEntry(
        list_name=list_name,
        code=code,
        label=label,
        from_on=from_on,
        to_on=to_on,
        source=source,
        more=dict(more),
        added_by_id=by.user_id,
        added_at=now,
    )
    session.add(entry)
    session.flush()
