"""A whole policy set: looking values up without guessing, comparing two sets, and the set the hub starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from workflows.durations import MONTH_NAMES, Rule
from workflows.policy import toml_text
from workflows.policy.entry import DIMENSIONS, Entry, Kind, Never, NotAllowed, PolicyError, Value

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Difference:
    """One value that two sets give differently, in words; empty where a set does not have the key."""

    key: str
    at: tuple[str, ...]
    old: str
    new: str


@dataclass(frozen=True)
class PolicySet:
    """A named, numbered set of policy entries, in force from the start of a date in London.

    A key the set does not have is looked up in `DEFAULT`: it did not exist when the set was written, and an item that
    carries an old set must still be able to move.
    """

    name: str
    version: int
    in_force_from: date
    entries: Mapping[str, Entry]

    def keys(self) -> tuple[str, ...]:
        """Every key of this set, in alphabetical order."""
        return tuple(sorted(self.entries))

    def entry(self, key: str) -> Entry:
        """The entry of a key; PolicyError when neither this set nor the default one has it."""
        found = self.entries.get(key) or DEFAULT.entries.get(key)
        if found is None:
            raise PolicyError(_unknown(key))
        return found

    def takes(self, key: str) -> tuple[str, ...]:
        """The dimensions (of service_line, priority, urgency) that must be named to look this key up."""
        return self.entry(key).by

    def duration(
        self, key: str, *, service_line: str | None = None, priority: str | None = None, urgency: str | None = None
    ) -> Rule:
        """The length of a clock. A dimension the key does not depend on may be given and is not looked at.

        PolicyError names a dimension that is missing or a code that does not exist: nothing is guessed. NotAllowed (a
        PolicyError) gives the reason when the set says that this combination does not exist.
        """
        entry = self.entry(key)
        at = _combination(entry, {"service_line": service_line, "priority": priority, "urgency": urgency})
        rule = entry.rules.get(at)
        if rule is None:
            value = entry.values[at]
            if isinstance(value, Never):
                raise NotAllowed(value.reason)
            raise PolicyError(f"“{key}” is not a length of time but a {entry.kind.words}")
        return rule

    def value(self, key: str, **given: str | None) -> Value:
        """The value as stored: whole number, text, True or False, tuple, a mapping by name, or `Never`.

        Durations are given in words (`duration` gives the rule); `given` names dimensions as for `duration`.
        """
        entry = self.entry(key)
        return entry.values[_combination(entry, given)]

    def number(self, key: str, name: str | None = None, **given: str | None) -> int:
        """A number, percentage or amount in pence; `name` chooses from a table. PolicyError when there is none."""
        value = self.value(key, **given)
        if name is not None and isinstance(value, Mapping):
            value = value.get(name, Never(f"“{key}” says nothing for {name}"))
        if isinstance(value, Never):
            raise NotAllowed(value.reason)
        if not isinstance(value, int) or isinstance(value, bool):
            raise PolicyError(f"“{key}” is not a number")
        return value

    def time_of_day(self, key: str) -> time:
        """A time on London's clocks; PolicyError when the key holds something else."""
        entry = self.entry(key)
        if entry.kind is not Kind.TIME:
            raise PolicyError(f"“{key}” is not a time of day but a {entry.kind.words}")
        return time.fromisoformat(str(self.value(key)))

    def text(self, key: str, **given: str | None) -> str:
        """The value in words for people: "12 hours", "£25,000.00", "50, 80", "none: ..."."""
        entry = self.entry(key)
        return entry.words(_combination(entry, given))

    def origin(self, key: str) -> str:
        """For a deadline's explanation: "Policy set 7, in force from 1 March 2026, key admission.decide"."""
        day = self.in_force_from
        since = f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
        return f"Policy set {self.version}, in force from {since}, key {key}"

    def with_value(self, key: str, value: Value, **given: str | None) -> PolicySet:
        """A copy in which one value is another; PolicyError when it does not fit the key."""
        entry = self.entry(key)
        changed = replace(entry, values={**entry.values, _combination(entry, given): value})
        return replace(self, entries={**self.entries, key: changed})

    def differences(self, other: PolicySet) -> tuple[Difference, ...]:
        """Every value that `other` gives differently, by key and combination."""
        found = []
        for key in sorted(self.entries.keys() | other.entries.keys()):
            old, new = self.entries.get(key), other.entries.get(key)
            for at in sorted({*(old.values if old else ()), *(new.values if new else ())}):
                words = tuple(entry.words(at) if entry and at in entry.values else "" for entry in (old, new))
                if words[0] != words[1]:
                    found.append(Difference(key, at, words[0], words[1]))
        return tuple(found)

    def to_toml(self) -> str:
        """The set as TOML text that `from_toml` reads back and a person can review."""
        return toml_text.written({**self._heading(), **toml_text.tables_of(self.entries)})

    @classmethod
    def from_toml(cls, text: str) -> PolicySet:
        """A set from the text of one TOML file. PolicyError lists what cannot be used, unknown keys among it.

        A key that is left out keeps the default; a key the hub does not know is most likely a misspelling, so refused.
        """
        found = cls._from_tables(toml_text.parsed(text))
        if unknown := sorted(found.entries.keys() - DEFAULT.entries.keys()):
            raise PolicyError(_unknown(unknown[0]))
        for key, entry in found.entries.items():
            known = DEFAULT.entries[key]
            if entry.kind is not known.kind:
                raise PolicyError(f"{key}: it must be a {known.kind.words}, not a {entry.kind.words}")
        return found

    def to_json(self) -> dict[str, Any]:
        """The set as plain dictionaries, lists and scalars, for a JSON column."""
        return {**self._heading(), "in_force_from": self.in_force_from.isoformat()} | toml_text.tables_of(self.entries)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PolicySet:
        """A set from what `to_json` gave; keys the hub no longer knows are kept."""
        return cls._from_tables(content)

    def _heading(self) -> dict[str, Any]:
        return {"name": self.name, "version": self.version, "in_force_from": self.in_force_from}

    @classmethod
    def _from_tables(cls, tables: Mapping[str, Any]) -> PolicySet:
        name, version, since = (tables.get(part) for part in ("name", "version", "in_force_from"))
        try:
            since = date.fromisoformat(since) if isinstance(since, str) else since
        except ValueError:
            since = None
        if not (isinstance(name, str) and name and isinstance(version, int) and type(since) is date):
            raise PolicyError("A policy set needs a name, a version (a whole number) and in_force_from (a date)")
        entries = {key: table for key, table in tables.items() if key not in ("name", "version", "in_force_from")}
        return cls(name, version, since, toml_text.entries_of(entries))


def _unknown(key: str) -> str:
    near = get_close_matches(key, DEFAULT.entries, n=1)
    return f"There is no policy key “{key}”" + (f": did you mean {near[0]}?" if near else "")


def _combination(entry: Entry, given: Mapping[str, str | None]) -> tuple[str, ...]:
    """The codes the entry depends on, in its order; refuses to guess."""
    codes = []
    for name in entry.by:
        code, words = given.get(name), name.replace("_", " ")
        choice = ", ".join(DIMENSIONS[name])
        if code is None:
            raise PolicyError(f"“{entry.key}” needs the {words}: {choice}")
        if code not in DIMENSIONS[name]:
            raise PolicyError(f"“{code}” is not a {words}: choose from {choice}")
        codes.append(code)
    return tuple(codes)


def load_default(folder: Path = FOLDER) -> PolicySet:
    """The set the hub starts with: `set.toml` holds name, version and date, every other TOML file the entries.

    PolicyError names the file and the key when anything in them cannot be used.
    """
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == "set.toml":
            continue
        try:
            read = toml_text.entries_of(toml_text.parsed(path.read_text("utf-8")))
        except PolicyError as error:
            raise PolicyError(f"{path.name}: {error}") from None
        if twice := sorted(entries.keys() & read.keys()):
            raise PolicyError(f"{path.name}: {twice[0]} is already in another file")
        entries |= read
    heading = toml_text.parsed((folder / "set.toml").read_text("utf-8"))
    return replace(PolicySet._from_tables(heading), entries=entries)


DEFAULT = load_default()
