"""Trying out a deadline: what the command, the API and the page ask, worked out in one place without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from workflows.calendar import LONDON, Calendar, Deadline, Pause, Rule, named, parse_duration, parse_moment, work_out
from workflows.policy import DIMENSIONS, PolicyError, PolicySet

SERVICE_LINE_UNLESS_NAMED = "cyp"


class NotTried(ValueError):
    """Something asked for that cannot be used: one sentence. `part` names it: rule, from, pause, closure or a code."""

    def __init__(self, said: str, part: str) -> None:
        super().__init__(said if said.endswith(("?", ".")) else f"{said}.")
        self.part = part


@dataclass(frozen=True)
class Asked:
    """What is tried, as text. Moments without an offset are London time.

    `rule` is a policy key ("referral.review") or a length in words ("5 working days"); `codes` may name service_line,
    priority and urgency; a pause is "FROM/TO", a closure a date on which the hub is closed, both ISO.
    """

    rule: str
    start: str | None = None
    codes: Mapping[str, str | None] = field(default_factory=dict)
    pauses: Sequence[str] = ()
    closures: Sequence[str] = ()


@dataclass(frozen=True)
class Tried:
    """A deadline that was tried out, and which policy key and codes gave its rule."""

    deadline: Deadline
    key: str | None
    used: Mapping[str, str]

    @property
    def as_json(self) -> dict[str, Any]:
        """What the command and the API print; moments in ISO with London's offset."""
        deadline = self.deadline
        return {
            "due_at": _london(deadline.due_at),
            "started_at": _london(deadline.start),
            "first_due_at": _london(deadline.first_due_at),
            "rule": deadline.rule.text,
            "basis": str(deadline.rule.basis),
            "key": self.key,
            **self.used,
            "steps": [{"label": step.label, "text": step.text} for step in deadline.steps],
        }


def try_out(asked: Asked, policy: PolicySet, calendar: Calendar, *, longest: timedelta | None = None) -> Tried:
    """The deadline of what is asked under a policy set and a calendar. Raises NotTried, in words a user can read.

    With `longest` no pause may last longer: every day of it is looked at, which a server does for many.
    """
    length, key, used, told = _part("rule", _rule, asked, policy)
    if not asked.start:
        raise NotTried("Say when it starts, for example --from 2026-04-02T16:30", "from")
    calendar = calendar.with_closures(
        named([_part("closure", _closure, text) for text in asked.closures], "local closure")
    )
    pauses = [_part("pause", _pause, text) for text in asked.pauses]
    if longest is not None and any(pause.end - pause.start > longest for pause in pauses):
        raise NotTried("A pause lasts more than 20 years: try something shorter", "pause")
    start = _part("from", parse_moment, asked.start)
    return Tried(_part("from", work_out, length, start, calendar, pauses, rule_text=told), key, used)


def _part(part: str, read: Any, *given: Any, **named_ones: Any) -> Any:
    """What `read` gives; what it refuses is said of `part`."""
    try:
        return read(*given, **named_ones)
    except NotTried:
        raise
    except (PolicyError, ValueError) as problem:
        raise NotTried(str(problem), part) from None


def _rule(asked: Asked, policy: PolicySet) -> tuple[Rule, str | None, dict[str, str], str]:
    """The rule, its policy key if it is one, the codes that chose it, and where it comes from in words."""
    codes = {name: asked.codes.get(name) or None for name in DIMENSIONS}
    for name, code in codes.items():
        if code is not None and code not in DIMENSIONS[name]:
            said = f"“{code}” is not a {_words(name)}: choose from {', '.join(DIMENSIONS[name])}"
            raise NotTried(said, name)
    named_codes = [name for name, code in codes.items() if code is not None]
    if "." not in asked.rule or " " in asked.rule.strip():
        return parse_duration(asked.rule), None, {}, _no_difference(named_codes)
    key = asked.rule.strip()
    given = {**codes, "service_line": codes["service_line"] or SERVICE_LINE_UNLESS_NAMED}
    missing = next((name for name in policy.takes(key) if given[name] is None), "rule")
    length: Rule = _part(missing, policy.duration, key, **given)
    used = {name: str(given[name]) for name in policy.takes(key)}
    choice = ", ".join(f"{_words(name)} {code}" for name, code in used.items())
    origin = f"{policy.origin(key)} ({choice})." if choice else f"{policy.origin(key)}."
    return length, key, used, f"{origin} {_no_difference([name for name in named_codes if name not in used])}".strip()


def _no_difference(names: list[str]) -> str:
    """A code that was given and is not looked at is said to be so, since whoever gave it expected otherwise."""
    words = " and ".join(_words(name) for name in names)
    return f"The {words} given {'make' if len(names) > 1 else 'makes'} no difference to it." if names else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _pause(text: str) -> Pause:
    begun, slash, ended = text.partition("/")
    if not slash:
        raise ValueError(f"“{text}” is not a pause: write its start, a slash and its end")
    return Pause(parse_moment(begun), parse_moment(ended))


def _closure(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"“{text}” is not a date: write it like 2026-04-02") from None


def _london(moment: datetime) -> str:
    return moment.astimezone(LONDON).isoformat()
