"""Policy entries as TOML text and plain tables, and back."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from workflows.policy.entry import DIMENSIONS, NAME, Entry, Kind, Never, PolicyError, Value

FIELDS = frozenset({"kind", "sentence", "source", "by", "value"})


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text; PolicyError with the parser's line and column when it is not TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PolicyError("This is not TOML of a policy set: it is nested too deep") from None
    except ValueError as error:  # also for a number of thousands of digits
        raise PolicyError(f"This is not TOML: {error}") from None


def entries_of(tables: Mapping[str, Any]) -> dict[str, Entry]:
    """Entries by key from plain tables; PolicyError lists every one that cannot be used."""
    found, problems = {}, []
    for key, table in tables.items():
        try:
            found[key] = _entry(key, table)
        except PolicyError as error:
            problems.append(str(error))
    if problems:
        raise PolicyError(". ".join(problems))
    return found


def _entry(key: str, table: Any) -> Entry:
    if not isinstance(table, Mapping) or not {"kind", "sentence", "source", "value"} <= table.keys() <= FIELDS:
        raise PolicyError(f"{key}: it needs kind, sentence, source and value, may have by, and nothing else")
    by = table.get("by", ())
    words = [table["kind"], table["sentence"], table["source"], *(by if isinstance(by, list | tuple) else [by])]
    if isinstance(by, str) or not all(isinstance(word, str) for word in words):
        raise PolicyError(f"{key}: kind, sentence and source must be text and by a list of text")
    if table["kind"] not in set(Kind):
        raise PolicyError(f"{key}: “{table['kind']}” is not one of {', '.join(Kind)}")
    values = dict(_flattened(key, table["value"], tuple(by), ()))
    return Entry(key, Kind(table["kind"]), table["sentence"], table["source"], tuple(by), values)


def _flattened(
    key: str, value: Any, by: tuple[str, ...], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Value]]:
    """The value of each combination; a reason given before the last dimension holds for all that follows it."""
    if len(at) == len(by):
        yield at, _value(key, value)
    elif not isinstance(value, Mapping):
        raise PolicyError(f"{key}: a value is needed for each {by[len(at)].replace('_', ' ')}")
    elif value.keys() == {"none"}:
        for code in DIMENSIONS.get(by[len(at)], ()):
            yield from _flattened(key, value, by, (*at, code))
    else:
        for code, part in value.items():
            yield from _flattened(key, part, by, (*at, code))


def _value(key: str, value: Any) -> Value:
    if isinstance(value, Mapping):
        if value.keys() == {"none"} and isinstance(value["none"], str):
            return Never(value["none"])
        if any(isinstance(part, Mapping) or not NAME.fullmatch(name) for name, part in value.items()):
            raise PolicyError(f"{key}: a table needs plain names and plain values")
        return {name: _plain(part) for name, part in value.items()}
    plain: Value = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def tables_of(entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Plain tables from entries, in alphabetical order of their keys."""
    tables = {}
    for key in sorted(entries):
        entry = entries[key]
        table: dict[str, Any] = {"kind": str(entry.kind), "sentence": entry.sentence, "source": entry.source}
        if entry.by:
            table["by"] = list(entry.by)
        table["value"] = _nested(entry.values)
        tables[key] = table
    return tables


def _nested(values: Mapping[tuple[str, ...], Value]) -> Any:
    if () in values:
        return _stored(values[()])
    nested: dict[str, dict[tuple[str, ...], Value]] = {}
    for at, value in values.items():
        nested.setdefault(at[0], {})[at[1:]] = value
    return {code: _nested(part) for code, part in nested.items()}


def _stored(value: Value) -> Any:
    if isinstance(value, Never):
        return {"none": value.reason}
    if isinstance(value, Mapping):
        return {name: _stored(part) for name, part in value.items()}
    return list(value) if isinstance(value, tuple) else value


def written(tables: Mapping[str, Any]) -> str:
    """TOML text of plain tables: scalars first, then one table for each entry with its value in dotted keys."""
    lines = [f"{name} = {_scalar(value)}" for name, value in tables.items() if not isinstance(value, Mapping)]
    for key, table in tables.items():
        if isinstance(table, Mapping):
            lines += ["", f'["{key}"]', *(line for name, part in table.items() for line in _dotted(name, part))]
    return "\n".join(lines) + "\n"


def _dotted(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _dotted(f"{name}.{part}", inner)
    else:
        yield f"{name} = {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_scalar(part) for part in value)}]"
    if isinstance(value, date):
        return value.isoformat()
    # JSON and TOML write text, whole numbers and true or false alike, but TOML also escapes the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
