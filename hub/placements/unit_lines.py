"""One unit of the ranking as a row of a table: distance, level, beds, what it was asked, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hub.organisations.models import Admissions, Level, OrganisationKind
from hub.placements.answer_words import Answer
from hub.placements.ranking import Ranked, Ranking
from hub.places.distance import NOT_KNOWN, km_words, why_no_distance
from hub.web.filters import count, moment_within
from workflows.durations import local

SECTORS = {OrganisationKind.NHS_PROVIDER: "NHS", OrganisationKind.INDEPENDENT_PROVIDER: "independent"}
POSITIONS = {Admissions.CASE_BY_CASE: "Case by case", Admissions.SUSPENDED: "Suspended"}
ANSWERED, ASK, ASK_AGAIN = "Record answer", "Approach", "Ask again"


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One row."""

    number: int | None
    """Its place in the ranking, as on the picture; None for a unit that is left out."""
    unit_id: int
    name: str
    provider: str
    km: str
    band: str
    level: str
    level_words: tuple[str, ...]
    free: str
    """ "1", or "Not known"."""
    of: str
    """ " of 10", or nothing."""
    confirmed_at: datetime | None
    is_stale: bool
    why_left_out: tuple[str, ...]
    to_say: tuple[str, ...]
    """What has to be asked of it, and whether a director allows it."""
    answers: tuple[Answer, ...]
    """What it was asked so far, the latest first."""
    takes_type: bool
    """Whether it has beds of the type that is looked for."""
    may_be_excepted: bool
    """Whether a director's exception would help."""

    @property
    def answer(self) -> Answer | None:
        """The latest."""
        return self.answers[0] if self.answers else None

    @property
    def is_waiting(self) -> bool:
        """Whether it has still to answer, or its offer stands."""
        return any(answer.is_open for answer in self.answers)

    @property
    def button(self) -> str:
        """What the button beside it says."""
        return ANSWERED if self.is_waiting else ASK_AGAIN if self.answers else ASK


def lines_of(
    ranking: Ranking, answers: Mapping[int, Sequence[Answer]], now: datetime
) -> tuple[list[UnitLine], list[UnitLine], list[UnitLine]]:
    """The rows of the units that fit, in the collaborative and outside it, and of those that are left out.

    `answers` holds by unit what it was asked, the first first.
    """
    known = ranking.home_point is not None
    fitting = [_line(one, number, answers, now, home_is_known=known) for number, one in enumerate(ranking.fitting, 1)]
    left_out = [_line(one, None, answers, now, home_is_known=known) for one in ranking.left_out]
    inside = sum(1 for one in ranking.fitting if one.in_collaborative)
    return fitting[:inside], fitting[inside:], left_out


def beds_words(one: Ranked) -> str:
    """ "1 of 10 free", or that nobody knows."""
    return f"{one.beds.free} of {one.beds.open_beds} free" if one.beds else "free beds not known"


def _line(
    one: Ranked,
    number: int | None,
    answers: Mapping[int, Sequence[Answer]],
    now: datetime,
    *,
    home_is_known: bool,
) -> UnitLine:
    unit, beds = one.unit, one.beds
    sector = SECTORS.get(OrganisationKind(unit.provider_kind)) if unit.provider_kind in _KINDS else None
    allowed = f"A director allows it until {moment_within(unit.exception_until, now)}" if unit.exception_until else ""
    no_distance = why_no_distance(has_postcode=unit.has_postcode, home_is_known=home_is_known)
    return UnitLine(
        number=number,
        unit_id=unit.id,
        name=unit.name,
        provider=f"{unit.provider} ({sector})" if sector else unit.provider,
        km=km_words(one.km) if one.km is not None else NOT_KNOWN.capitalize(),
        band=one.band if one.km is not None else no_distance,
        level=unit.level,
        level_words=tuple(_level_words(one, local(now).date())),
        free=str(beds.free) if beds else NOT_KNOWN.capitalize(),
        of=f" of {beds.open_beds}" if beds else "",
        confirmed_at=beds.confirmed_at if beds else None,
        is_stale=beds is not None and beds.is_stale,
        why_left_out=one.why_left_out,
        to_say=tuple(said for said in (*one.to_ask, allowed) if said),
        answers=tuple(reversed(answers.get(unit.id, ()))),
        takes_type=unit.takes_type,
        may_be_excepted=bool(one.needs_exception),
    )


_KINDS = frozenset(OrganisationKind)


def _level_words(one: Ranked, today: date) -> list[str]:
    unit = one.unit
    weeks = (today - unit.level_since).days // 7 if unit.level_since and unit.level != Level.ROUTINE else 0
    position = POSITIONS.get(Admissions(unit.admissions), "")
    said = ". ".join(part for part in (count(weeks, "week") if weeks > 0 else "", position) if part)
    return [part for part in (said, "" if one.in_collaborative else "host’s level") if part]
