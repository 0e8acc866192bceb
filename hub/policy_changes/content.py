"""What a draft holds: reading sets from files, values changed one by one, and a draft carried on to a newer set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hub.codes import codes
from hub.engine.refusal import ActionRefused
from workflows.core import in_words, upper_first
from workflows.policy import DEFAULT, DIMENSIONS, Entry, Kind, Never, PolicyError, PolicySet, Value

LARGEST_FILE: Final = 1_000_000
"""Bytes of a file; a whole set takes 40,000."""
LONGEST_SAID: Final = 1_500
"""Letters of what is wrong with a file: a file that is wrong everywhere is not read out."""
SUBJECTS: Final[Mapping[str, str]] = {
    "admission": "Admission decisions",
    "approach": "Questions to units",
    "authority": "Legal authority",
    "case": "Cases",
    "clocks": "The working day and warnings",
    "concern": "Concerns about quality",
    "contingency": "Contingency plans",
    "disclosure": "Small numbers in reports",
    "drafts": "What is typed and not sent",
    "escalation": "Escalations",
    "imports": "Imports",
    "improvement_action": "Improvement actions",
    "information_request": "Requests for information",
    "level_review": "Reviews of a level",
    "meeting": "Meetings",
    "merge": "Records of one person",
    "messages": "Messages",
    "oncall": "On call",
    "package": "Packages of care",
    "pathway": "Pathways",
    "placement": "The search for a bed",
    "policy": "Changes of the policy set",
    "referral": "Referrals",
    "reporting": "Reports",
    "security": "Security",
    "stay": "Stays",
    "surveillance": "Surveillance",
    "task": "Tasks",
    "visit": "Visits",
    "worklist": "The worklist",
}
_CLASHES: Final = "Both changes gave {} a value. The draft’s stands: {}. The newest set has: {}"


@dataclass(frozen=True, slots=True)
class Line:
    """One value, or text, that differs between two sets, in words; empty where a set does not have it."""

    key: str
    sentence: str
    where: str
    """For which service line, priority or urgency; empty for all."""
    old: str
    new: str

    @property
    def words(self) -> str:
        """For the history: the key, where, and from what to what."""
        at = f" ({self.where})" if self.where else ""
        return f"{self.key}{at}: {self.old or 'nothing'} → {self.new or 'nothing'}"


def subject_of(key: str) -> str:
    """The part of a key before its first dot: what the pages group by."""
    return key.partition(".")[0]


def subject_title(subject: str) -> str:
    """A subject as a heading."""
    return SUBJECTS.get(subject, upper_first(in_words(subject)))


def where_words(by: tuple[str, ...], at: tuple[str, ...]) -> str:
    """A combination in words: "Children and young people, emergency"; empty for a value that depends on nothing."""
    return ", ".join(_code(name, code) for name, code in zip(by, at, strict=True))


def _code(name: str, code: str) -> str:
    return codes("service_line").get(code, code) if name == "service_line" else in_words(code).lower()


def words_of(entry: Entry, at: tuple[str, ...]) -> str:
    """A value in words. A table stands in the order that the hub ships it in: a database keeps none."""
    value = entry.values[at]
    if isinstance(value, Mapping):
        known = DEFAULT.entries.get(entry.key)
        usual = next((part for part in known.values.values() if isinstance(part, Mapping)), {}) if known else {}
        order = [*(name for name in usual if name in value), *sorted(value.keys() - usual.keys())]
        return replace(entry, values={**entry.values, at: {name: value[name] for name in order}}).words(at)
    words = entry.words(at)
    return words if entry.kind is not Kind.TEXT or " " in words else in_words(words).lower()


def lines_between(old: PolicySet, new: PolicySet) -> list[Line]:
    """Everything that two sets give differently, by key: values first, then the words about them."""
    return list(_lines(old, new))


def _lines(old: PolicySet, new: PolicySet) -> Iterator[Line]:
    changed = {each.key for each in old.differences(new)} | {
        key for key in old.entries.keys() & new.entries.keys() if old.entries[key] != new.entries[key]
    }
    for key in sorted(changed):
        was, now = old.entries.get(key), new.entries.get(key)
        shown = now or was
        if shown is None:
            continue
        if was and now and was.by != now.by:
            yield Line(key, shown.sentence, "What it depends on", _dimensions(was.by), _dimensions(now.by))
        for at in sorted({*(was.values if was else ()), *(now.values if now else ())}):
            words = tuple(words_of(entry, at) if entry and at in entry.values else "" for entry in (was, now))
            if words[0] != words[1]:
                by = now.by if now and at in now.values else was.by if was else ()
                yield Line(key, shown.sentence, upper_first(where_words(by, at)), *words)
        for name in ("sentence", "source"):
            texts = tuple(getattr(entry, name) if entry else "" for entry in (was, now))
            if was and now and texts[0] != texts[1]:
                yield Line(key, shown.sentence, f"Its {name}", *texts)


def _dimensions(by: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in by) or "nothing"


def with_entries(policy: PolicySet, changed: Mapping[str, Entry]) -> PolicySet:
    """A copy of the set with these entries in the place of its own."""
    return replace(policy, entries={**policy.entries, **changed})


def read_file(data: bytes, ground: PolicySet) -> PolicySet:
    """`ground` with every entry that a TOML file of policy entries gives.

    The file's name, number and day are not taken over: approval gives them. A key that the file leaves out keeps what
    `ground` has. ActionRefused says what cannot be read; whether the values make sense is asked on the draft.
    """
    if len(data) > LARGEST_FILE:
        raise ActionRefused([f"The file is larger than {LARGEST_FILE // 1_000_000} MB. A whole set has about 40 KB"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ActionRefused(["The file is not UTF-8 text. Save it as UTF-8"]) from None
    if not text.strip():
        raise ActionRefused(["The file is empty"])
    try:
        found = PolicySet.from_toml(text)
    except PolicyError as error:
        said = str(error)
        raise ActionRefused([said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID]} …"]) from None
    for key, entry in found.entries.items():
        if any("\0" in text for text in _texts((entry.sentence, entry.source, *entry.values.values()))):
            raise ActionRefused([f"{key}: a text holds a character that cannot be stored"])
    return with_entries(ground, found.entries)


def _texts(given: object) -> Iterator[str]:
    """Every text in the values of an entry, however deep."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, Never):
        yield given.reason
    elif isinstance(given, Mapping):
        yield from _texts((*given.keys(), *given.values()))
    elif isinstance(given, tuple):
        for part in given:
            yield from _texts(part)


def carried_on(base: PolicySet, draft: PolicySet, newest: PolicySet) -> tuple[PolicySet, list[str]]:
    """The draft's own changes made to a newer set, and a sentence for each value that both changed differently.

    What only the newest set changed is taken over; where both changed, the draft's value stands and is said.
    """
    entries, clashes = dict(newest.entries), []
    for key, mine in draft.entries.items():
        was, now = base.entries.get(key), newest.entries.get(key)
        if mine == was:
            continue
        entries[key], said = _merged(was, mine, now)
        clashes += said
    return replace(newest, entries=entries), clashes


def _merged(was: Entry | None, mine: Entry, now: Entry | None) -> tuple[Entry, list[str]]:
    """One entry that the draft changed, over the newest set's."""
    if was is None or now is None or now in (was, mine):
        return mine, []
    if not was.by == mine.by == now.by:
        return mine, [f"Both changes gave {mine.key} another shape. The draft’s stands"]
    values: dict[tuple[str, ...], Value] = {}
    clashes = []
    for at, value in mine.values.items():
        is_mine, is_theirs = value != was.values.get(at), now.values.get(at) != was.values.get(at)
        values[at] = value if is_mine else now.values[at]
        if is_mine and is_theirs and value != now.values[at]:
            clashes.append(
                _CLASHES.format(f"{mine.key} {where_words(mine.by, at)}".strip(), words_of(mine, at), words_of(now, at))
            )
    sentence = mine.sentence if mine.sentence != was.sentence else now.sentence
    source = mine.source if mine.source != was.source else now.source
    return replace(mine, sentence=sentence, source=source, values=values), clashes


def known_entry(policy: PolicySet, key: str) -> Entry:
    """The set's own entry, else the default's: a key that is newer than the set."""
    return policy.entries.get(key) or DEFAULT.entries[key]


def keys_of(policy: PolicySet, subject: str) -> list[str]:
    """The keys of a subject that this program reads, in order: the set's own and those newer than it."""
    known = DEFAULT.entries.keys()
    return sorted(key for key in known if subject_of(key) == subject) or sorted(
        key for key in policy.entries if subject_of(key) == subject
    )


def subjects_of(policy: PolicySet) -> list[str]:
    """Every subject of a set, by title."""
    found = {subject_of(key) for key in (*policy.entries, *DEFAULT.entries)}
    return sorted(found, key=subject_title)


def combinations(entry: Entry) -> list[tuple[str, ...]]:
    """The combinations of an entry in the order of their codes, not of the alphabet."""
    order = [DIMENSIONS[name].index for name in entry.by]
    return sorted(entry.values, key=lambda at: [place(code) for place, code in zip(order, at, strict=True)])
