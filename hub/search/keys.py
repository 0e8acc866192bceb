"""From the words of a name to what the index is asked, in four steps from the name itself to one nearly like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from sqlalchemy import Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

SHORTEST_NEAR, LONGEST_NEAR = 4, 30
"""As `names_to_find` of migration 0008 keeps them: shorter names have too many near ones, longer ones none."""


_BY_THE_INDEX = [func.set_config(name, "off", True) for name in ("enable_seqscan", "jit")]
"""For the rest of the transaction. How many names a key has cannot be foreseen, and working names out row by row, as
the planner would for a common one, takes seconds; nor is there time to compile what is asked once."""


class Step(IntEnum):
    """How a name was found, the surest first."""

    EXACT = 1
    BEGINS = 2
    SOUNDS = 3
    NEAR = 4


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the database spells and hears it; both may be empty."""

    spelling: str
    sound: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What the index of names is asked, by step; a step never gives again what an earlier one gave."""

    by_step: dict[Step, str]
    spellings: tuple[str, ...]


def read_keys(session: Session, words: Sequence[str]) -> Keys | None:
    """The questions for these words, by one statement; None when nothing is left of them ("%", "’")."""
    joined = [first + second for first, second in pairwise(words)]
    whole = ["".join(words)] if len(words) > 2 else []
    heard = _hear(session, [*words, *joined, *whole])
    plain = heard[: len(words)]
    pairs = heard[len(words) : len(words) + len(joined)]
    # "Mc Donald" and "o neill" are written apart by some: each two neighbours also count as one word, and all of them.
    ways = [plain, *([*plain[:at], pair, *plain[at + 2 :]] for at, pair in enumerate(pairs))]
    ways += [heard[-1:]] if whole else []
    ways = [[word for word in way if word.spelling] for way in ways]
    ways = [way for way in ways if way]
    if not ways:
        return None
    asked = {step: " | ".join(dict.fromkeys(_all(way, step) for way in ways)) for step in Step}
    by_step = {Step.EXACT: asked[Step.EXACT]}
    for before, step in pairwise(Step):
        by_step[step] = f"({asked[step]}) & !({asked[before]})"
    return Keys(by_step, tuple(word.spelling for word in plain if word.spelling))


def _hear(session: Session, texts: Sequence[str]) -> list[Word]:
    listed = func.unnest(literal(list(texts), ARRAY(Text)))
    given = listed.table_valued("word", with_ordinality="place", name="given").render_derived()
    spelt = select(given.c.place, func.name_spelling(given.c.word).label("spelling")).subquery("spelt")
    query = select(spelt.c.spelling, func.name_sounds_like(spelt.c.spelling), *_BY_THE_INDEX).order_by(spelt.c.place)
    return [Word(row[0], row[1]) for row in session.execute(query)]


def _all(way: Sequence[Word], step: Step) -> str:
    # One letter is an initial beside another word; alone it would begin half of all names.
    alone = len(way) == 1
    return "(" + " & ".join(f"({' | '.join(_one(word, step, alone=alone))})" for word in way) + ")"


def _one(word: Word, step: Step, *, alone: bool) -> Iterable[str]:
    yield _quoted(word.spelling)
    if step >= Step.BEGINS and not (alone and len(word.spelling) == 1):
        yield f"{_quoted(word.spelling)}:*"
    if step >= Step.SOUNDS and word.sound and len(word.spelling) > 2:
        yield _quoted(f"~{word.sound}")
    if step >= Step.NEAR and SHORTEST_NEAR <= len(word.spelling) <= LONGEST_NEAR:
        yield _quoted(f"-{word.spelling}")
        for shorter in dict.fromkeys(_shorter(word.spelling)):
            yield _quoted(shorter)
            yield _quoted(f"-{shorter}")


def _shorter(spelling: str) -> Iterable[str]:
    """Every spelling with one letter left out."""
    return (spelling[:at] + spelling[at + 1 :] for at in range(len(spelling)))


def _quoted(key: str) -> str:
    """A key as `tsquery` takes it, whatever letters it has."""
    return "'" + key.replace("\\", "\\\\").replace("'", "''") + "'"
