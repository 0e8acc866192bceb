"""Whether the values of a policy set make sense: each one beside what the hub reads from it, and together."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from workflows.durations import DAY_NAMES
from workflows.policy.entry import DIMENSIONS, Entry, Kind, Never, Plain, Value
from workflows.policy.policy_set import DEFAULT, PolicySet
from workflows.roles import Role

LONGEST_TEXT: Final = 500
"""Letters of a sentence, a source, a reason or a text."""
LARGEST: Final[Mapping[Kind, int]] = {Kind.PENCE: 10**12, Kind.NUMBER: 10**6, Kind.LIST: 10**6}
LONGEST_LIST: Final = 50
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ROLES: Final = frozenset(str(role) for role in Role)


@dataclass(frozen=True, slots=True)
class Senseless:
    """One thing that makes no sense: the key whose value should be mended, and why, as a sentence without its stop."""

    key: str
    why: str

    @property
    def words(self) -> str:
        """With its key, for a list."""
        return f"{self.key}: {self.why}"


def problems_with(policy: PolicySet) -> list[Senseless]:
    """Everything that makes no sense, by key; empty when the set can be used.

    The default set is the measure: the hub reads each key as it stands there, so another set may give other values
    and no other shapes. Keys that the hub does not know (any more) are not looked at.
    """
    found = []
    for key in sorted(policy.entries.keys() & DEFAULT.entries.keys()):
        mine = [Senseless(key, why) for why in _alone(policy.entries[key], DEFAULT.entries[key])]
        found += mine or [Senseless(key, why) for why in _in_order(policy.entries[key], DEFAULT.entries[key])]
    return found or list(_together(policy))


def _alone(entry: Entry, known: Entry) -> Iterator[str]:
    """One entry: its texts, what it depends on, and the shape of its values."""
    for text in (entry.sentence, entry.source):
        yield from _text(text)
    if len(set(entry.by)) < len(entry.by):
        yield "it names twice what its value depends on"
        return
    if more := [name.replace("_", " ") for name in entry.by if name not in known.by]:
        yield f"the hub does not know the {more[0]} where it reads this, so the value cannot depend on it"
        return
    may_be_none = known.kind is Kind.DURATION and bool(known.by)
    names = _names(known)
    for value in entry.values.values():
        if isinstance(value, Never):
            yield from _text(value.reason)
            if not may_be_none:
                yield "the hub needs a value here; “none” is not possible"
        elif isinstance(value, Mapping) is not bool(names):
            yield "the hub reads " + (f"one value for each of {', '.join(names)}" if names else "one value here")
        else:
            yield from _parts(value, entry.kind, known, names)


def _parts(value: Value, kind: Kind, known: Entry, names: Sequence[str]) -> Iterator[str]:
    given: dict[str, Plain] = dict(value) if isinstance(value, Mapping) else {"": value}  # type: ignore[dict-item]
    for name in names:
        if name not in given:
            yield f"{name.replace('_', ' ')} is missing"
    for name, part in given.items():
        if why := _plain(part, kind, known, name):
            yield f"{name.replace('_', ' ')}: {why}" if name else why


def _plain(part: Plain, kind: Kind, known: Entry, name: str) -> str:
    """Why one value cannot be used; empty when it can."""
    usual = _usual(known, name)
    if isinstance(part, str):
        return next(_text(part), "") or _chosen([part], [usual] if isinstance(usual, str) else [], kind)
    if isinstance(part, tuple):
        return _list(part, usual if isinstance(usual, tuple) else ())
    if isinstance(part, bool):
        return ""
    if part > LARGEST.get(kind, part):
        return f"{part:,} is too large"
    return "it must be more than 0" if part == 0 and usual else ""


def _list(parts: Sequence[str | int], usual: Sequence[str | int]) -> str:
    if len(parts) > LONGEST_LIST:
        return f"a list may have {LONGEST_LIST} parts"
    wanted = int if usual and isinstance(usual[0], int) else str
    for part in parts:
        if not isinstance(part, wanted) or isinstance(part, bool):
            return f"“{str(part)[:60]}” is not a {'whole number' if wanted is int else 'word'}, as the others are"
        if isinstance(part, str):
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", part):
                return f"“{part[:60]}” is not a word of this list: use small letters, digits and lines below"
        elif not 0 < part <= LARGEST[Kind.LIST]:
            return "its numbers must be more than 0, and not too large"
    if len(set(parts)) < len(parts):
        return "the same stands in the list twice"
    return _chosen([str(part) for part in parts], [str(part) for part in usual], Kind.LIST)


def _chosen(given: Sequence[str], usual: Sequence[str], kind: Kind) -> str:
    """Words that name roles, or a day of the week, name one that there is."""
    for words, said in ((_ROLES, "a role of the hub"), (frozenset(DAY_NAMES), "a day of the week, such as Friday")):
        if kind in {Kind.TEXT, Kind.LIST} and usual and set(usual) <= words:
            strange = [part for part in given if part not in words]
            return f"“{strange[0][:60]}” is not {said}" if strange else ""
    return ""


def _text(text: str) -> Iterator[str]:
    if len(text) > LONGEST_TEXT:
        yield f"a text may have {LONGEST_TEXT} letters"
    if _CONTROL.search(text):
        yield "a text holds a character that cannot be stored or shown"


def _names(entry: Entry) -> tuple[str, ...]:
    """The names in an entry whose values are tables."""
    first = next((value for value in entry.values.values() if isinstance(value, Mapping)), {})
    return tuple(first)


def _usual(entry: Entry, name: str) -> Plain | None:
    """What the default has there, for whichever combination comes first."""
    first = next((value for value in entry.values.values() if not isinstance(value, Never)), None)
    return first.get(name) if isinstance(first, Mapping) else first


def _in_order(entry: Entry, known: Entry) -> Iterator[str]:
    """Numbers that go up: shares after which something is said, limits of one role above another, lists of numbers."""
    names = _names(known)
    goes_up = entry.kind is Kind.PERCENT or entry.key.endswith("limit_pence")
    for value in entry.values.values():
        if isinstance(value, Mapping) and goes_up:
            is_share = entry.kind is Kind.PERCENT
            for low, high in pairwise(names):
                if _number(value[low]) > _number(value[high]) - is_share:
                    beside = "must be less than" if is_share else "must not be above"
                    yield f"{low.replace('_', ' ')} {beside} {high.replace('_', ' ')}"
            if is_share and _number(value[names[-1]]) > 99:
                yield "the last share must be less than 100%, or it says nothing before the end"
        elif isinstance(value, tuple) and isinstance(value[0], int) and list(value) != sorted(value, key=_number):
            yield "its numbers must go up"


def _number(part: Plain) -> int:
    return part if isinstance(part, int) else 0


def _together(policy: PolicySet) -> Iterator[Senseless]:
    """Two keys that contradict each other."""
    if policy.time_of_day("clocks.day_starts") >= policy.time_of_day("clocks.day_ends"):
        yield Senseless("clocks.day_ends", "the working day must end after it starts")
    for line in DIMENSIONS["service_line"]:
        first, last = (policy.number(f"referral.age_{edge}", service_line=line) for edge in ("from", "to"))
        if first > last:
            yield Senseless("referral.age_to", f"{line}: the oldest age must not be below the youngest, {first}")
