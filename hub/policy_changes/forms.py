"""The forms of a draft: what it is about, a file, and one box for each value of a subject."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import Field, FileField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from hub.policy_changes.content import combinations, keys_of, known_entry, where_words
from hub.policy_changes.services import LONGEST_TITLE
from hub.policy_changes.typed import as_typed, read_typed
from hub.web.page_forms import PageForm, stripped
from workflows.core import in_words, upper_first
from workflows.policy import Entry, PolicyError, PolicySet, Value
from workflows.policy.sense import LONGEST_TEXT

LONGEST_BOX = 4 * LONGEST_TEXT
SHORT = 20
"""Letters that stand in a narrow box."""
_SOURCE = "source"


class StartForm(PageForm):
    """A new draft."""

    title = StringField(
        "What is the change about?",
        [DataRequired("Say what the change is about"), Length(max=LONGEST_TITLE, message="Use 120 letters or fewer")],
        filters=[stripped],
        description="For example: Longer review of routine referrals from April. Name no person",
    )


class ImportForm(StartForm):
    """A new draft from a file."""

    file = FileField("A TOML file of policy values", description="As “Download as TOML” gives it, whole or in part")

    @property
    def data_sent(self) -> bytes:
        """The file's content, one byte more than is read; empty when none was chosen."""
        sent = self.file.data
        return sent.stream.read(1_000_001) if isinstance(sent, FileStorage) and sent.filename else b""


class SubjectForm(PageForm):
    """The values of one subject; a box for each is added by `subject_form`."""

    seen = HiddenField(default="0")
    was = HiddenField(default="{}")
    """What each box held when the page was made: only what this person changed is changed."""
    policy: PolicySet
    boxes: Mapping[str, tuple[str, tuple[str, ...] | None, str]]
    """By field: (key, combination, name in a table); the combination is None for the source."""

    @property
    def last_seen(self) -> int:
        """The version of the draft that the page was made from."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0

    def groups(self) -> list[tuple[Entry, list[Field]]]:
        """Each entry with its boxes, in order."""
        found: dict[str, list[Field]] = {}
        for name, (key, _, _) in self.boxes.items():
            found.setdefault(key, []).append(self._fields[name])
        return [(known_entry(self.policy, key), fields) for key, fields in found.items()]

    def begin(self, version: int) -> None:
        """What the page is made from, for when it comes back."""
        self.seen.data = str(version)
        self.was.data = json.dumps({name: _typed(self.policy, at) for name, at in self.boxes.items()})

    def show_again(self, version: int) -> None:
        """The page after a refusal: what this person did not touch is as it is now; the rest stays as typed."""
        for name in self.boxes.keys() - self.touched():
            self._fields[name].data = _typed(self.policy, self.boxes[name])
        self.begin(version)

    def touched(self) -> set[str]:
        """The boxes that hold something else than when the page was made."""
        try:
            was = json.loads(str(self.was.data or "{}"))
        except (ValueError, RecursionError):
            was = {}
        known = was if isinstance(was, dict) else {}
        return {name for name in self.boxes if (self._fields[name].data or "") != known.get(name)}

    def entries(self) -> dict[str, Entry]:
        """The entries that this person changed. A box that cannot be read has an error of its own then."""
        changed: dict[str, Entry] = {}
        touched = self.touched()
        for name in [name for name in self.boxes if name in touched and not self._fields[name].errors]:
            key, at, part = self.boxes[name]
            entry = changed.get(key) or known_entry(self.policy, key)
            try:
                changed[key] = _with(entry, at, part, str(self._fields[name].data or ""))
            except PolicyError as error:
                said = str(error).removeprefix(f"{key}: ")
                self._fields[name].errors = [*self._fields[name].errors, upper_first(said)]
        return changed


def _with(entry: Entry, at: tuple[str, ...] | None, part: str, text: str) -> Entry:
    if at is None:
        return replace(entry, source=" ".join(text.split()))
    value: Value = read_typed(text, entry.kind)
    if part:
        old = entry.values[at]
        value = {**old, part: value} if isinstance(old, Mapping) else value  # type: ignore[dict-item]
    return replace(entry, values={**entry.values, at: value})


def _typed(policy: PolicySet, box: tuple[str, tuple[str, ...] | None, str]) -> str:
    key, at, part = box
    entry = known_entry(policy, key)
    if at is None:
        return entry.source
    value = entry.values.get(at, "")
    if part:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return as_typed(value, entry.kind)


def subject_form(policy: PolicySet, subject: str) -> type[SubjectForm]:
    """The form of one subject of a draft, with what the draft holds in its boxes."""
    fields: dict[str, Any] = {}
    boxes: dict[str, tuple[str, tuple[str, ...] | None, str]] = {}
    for key in keys_of(policy, subject):
        entry = known_entry(policy, key)
        for at in combinations(entry):
            value = entry.values[at]
            for part in value if isinstance(value, Mapping) else ("",):
                name = "--".join(filter(None, (key.replace(".", "-"), "-".join(at), part)))
                words = [where_words(entry.by, at), in_words(part).lower() if part else ""]
                boxes[name] = (key, at, part)
                label = upper_first(", ".join(filter(None, words))) or "Value"
                fields[name] = _box(label, _typed(policy, boxes[name]))
        name = f"{key.replace('.', '-')}--{_SOURCE}--"
        boxes[name] = (key, None, "")
        fields[name] = _box("Source", entry.source)
    return type("OneSubjectForm", (SubjectForm,), {**fields, "policy": policy, "boxes": boxes})


def _box(label: str, value: str) -> StringField:
    return StringField(
        label,
        [Length(max=LONGEST_BOX, message=f"Use {LONGEST_BOX:,} letters or fewer")],
        filters=[stripped],
        default=value,
        render_kw={"width": 20} if len(value) <= SHORT else {},
    )
