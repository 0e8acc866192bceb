"""Which units could take this person: the nearest first, and every unit that is left out, with all its reasons.

Pure: facts in, two lists out. What is not known leaves no unit out; it is said instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from hub.organisations.models import Admissions, Level, UnitGender
from hub.places.outcodes import Point
from workflows.durations import MONTH_NAMES, local

GIRLS, BOYS = "2", "1"
"""Codes of the list `gender` that a unit for one gender is compared with. Any other code is asked about, not judged."""
ALL_AGES_FROM = 100
"""A unit whose last age is this or more takes everybody from its first age on."""
LAST_CHILD_AGE = 17


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who needs what kind of bed, when. Whatever is None is not known."""

    bed_type: str | None
    bed_words: str
    """The type of bed in words."""
    age: int | None
    """Whole years."""
    gender: str | None
    """A code of the list `gender`."""
    now: datetime

    @property
    def he(self) -> str:
        """The pronoun that begins a sentence."""
        return {BOYS: "He", GIRLS: "She"}.get(self.gender or "", "They")

    @property
    def he_is(self) -> str:
        """The pronoun with its verb."""
        return f"{self.he} are" if self.he == "They" else f"{self.he} is"

    @property
    def he_needs(self) -> str:
        """The pronoun with its verb."""
        return f"{self.he} need" if self.he == "They" else f"{self.he} needs"

    @property
    def not_known(self) -> tuple[str, ...]:
        """What could not be compared with the units, in words."""
        said = []
        if self.bed_type is None:
            said.append("The type of bed is not known: no unit is left out because of it")
        if self.age is None:
            said.append("The person’s age is not known: no unit is left out because of it")
        if self.gender not in {BOYS, GIRLS}:
            said.append("No gender that the units go by is recorded: no unit is left out because of it")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class BedFigure:
    """What a unit last said of its beds of one type."""

    open_beds: int
    free: int
    closed_why: str
    confirmed_at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What is known of one unit before it is compared with a person."""

    id: int
    name: str
    provider: str
    provider_kind: str
    organisation_id: int
    bed_type: str
    bed_words: str
    gender: str
    age_from: int
    age_to: int
    closed_on: date | None
    """Its last day, or that of its site or its organisation: the first to come."""
    level: str
    level_since: date | None
    admissions: str
    admissions_since: date | None
    admissions_why: str
    point: Point | None
    """Where its postcode district lies."""
    has_postcode: bool
    km: float | None
    """In a straight line from the middle of the home's postcode district; None when either place is not known."""
    band: str
    in_collaborative: bool
    beds: BedFigure | None
    """None when the unit has never said."""
    takes_type: bool
    """Whether it has beds of the type that is looked for."""
    exception_until: datetime | None
    """Until when a director allows this unit for this search; None when nobody does now."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One unit as the search sees it: it fits when nothing leaves it out."""

    unit: UnitFacts
    why_left_out: tuple[str, ...]
    needs_exception: tuple[str, ...] = ()
    """Of these reasons, those that only a director's exception lifts, and no exception does now."""
    to_ask: tuple[str, ...] = ()
    """What the unit has to be asked, since nothing here can tell."""

    @property
    def unit_id(self) -> int:
        """The unit's id."""
        return self.unit.id

    @property
    def name(self) -> str:
        """The unit's name."""
        return self.unit.name

    @property
    def km(self) -> float | None:
        """Kilometres from home in a straight line; None when not known."""
        return self.unit.km

    @property
    def band(self) -> str:
        """The distance as a band, in words."""
        return self.unit.band

    @property
    def in_collaborative(self) -> bool:
        """Whether the unit's organisation is a member of the search's own collaborative today."""
        return self.unit.in_collaborative

    @property
    def level(self) -> str:
        """How closely it is watched."""
        return self.unit.level

    @property
    def admissions(self) -> str:
        """Whether it may take people at all."""
        return self.unit.admissions

    @property
    def beds(self) -> BedFigure | None:
        """What it last said of its beds."""
        return self.unit.beds

    @property
    def free(self) -> int | None:
        """Free beds as it last said; None when it never did."""
        return self.unit.beds.free if self.unit.beds else None

    @property
    def is_stale(self) -> bool:
        """Whether its figure is older than the policy allows, or was never given."""
        return self.unit.beds is None or self.unit.beds.is_stale

    @property
    def is_held_back(self) -> bool:
        """Whether nobody is placed there unless a director allows it, or has allowed it already."""
        return self.level == Level.INTENSIVE or self.admissions == Admissions.SUSPENDED

    @property
    def order(self) -> tuple[bool, bool, float, str, int]:
        """In the collaborative first, the nearest first, a place that is not known last within its group."""
        unit = self.unit
        return (not unit.in_collaborative, unit.km is None, unit.km or 0.0, unit.name.casefold(), unit.id)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every unit in exactly one of two lists, each in order."""

    fitting: tuple[Ranked, ...]
    left_out: tuple[Ranked, ...]
    home: str | None
    """The home's postcode district; None when it is not known."""
    home_point: Point | None
    """Where that lies; None when the map does not have it."""
    not_known: tuple[str, ...]
    """What could not be compared, in words."""


def ranked(
    wanted: Wanted, units: Iterable[UnitFacts], home: str | None = None, home_point: Point | None = None
) -> Ranking:
    """The units in order for this person: those that fit, and those that do not with all their reasons."""
    judged = sorted((judge(wanted, unit) for unit in units), key=lambda one: one.order)
    return Ranking(
        fitting=tuple(one for one in judged if not one.why_left_out),
        left_out=tuple(one for one in judged if one.why_left_out),
        home=home,
        home_point=home_point,
        not_known=wanted.not_known,
    )


def judge(wanted: Wanted, unit: UnitFacts) -> Ranked:
    """One unit against one person. That no bed is free leaves nobody out: beds come free, and figures are old."""
    reasons = (*_closed(wanted, unit), *_beds(wanted, unit), *_age(wanted, unit), *_gender(wanted, unit))
    held_back = tuple(_held_back(wanted, unit))
    return Ranked(unit, (*reasons, *held_back), held_back, tuple(_to_ask(wanted, unit)))


def ages_words(unit: UnitFacts) -> str:
    """ "ages 12 and under", "ages 18 and over", "ages 13 to 17", "age 16 only"."""
    if unit.age_from == unit.age_to:
        return f"age {unit.age_from} only"
    if unit.age_from == 0:
        return f"ages {unit.age_to} and under"
    if unit.age_to >= ALL_AGES_FROM:
        return f"ages {unit.age_from} and over"
    return f"ages {unit.age_from} to {unit.age_to}"


def gender_words(unit: UnitFacts) -> str:
    """Whom a unit for one gender takes: "Girls and young women only", or "Women only" where no child is taken."""
    is_for_children = unit.age_from <= LAST_CHILD_AGE
    if unit.gender == UnitGender.FEMALE:
        return "Girls and young women only" if is_for_children else "Women only"
    return "Boys and young men only" if is_for_children else "Men only"


def day_words(on: date, now: datetime) -> str:
    """ "9 March", with its year when that is not this one."""
    today = local(now).date()
    return f"{on.day} {MONTH_NAMES[on.month - 1]}{'' if on.year == today.year else f' {on.year}'}"


def _closed(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    if unit.closed_on is not None and unit.closed_on < local(wanted.now).date():
        yield f"Closed: its last day was {day_words(unit.closed_on, wanted.now)}"
    elif unit.takes_type and unit.beds is not None and unit.beds.open_beds == 0:
        yield f"No bed is open: {unit.beds.closed_why or 'the unit gave no reason'}"


def _beds(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    if wanted.bed_type is not None and not unit.takes_type:
        yield f"Its beds are “{unit.bed_words}”. {wanted.he_needs} “{wanted.bed_words}”"


def _age(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    if wanted.age is not None and not unit.age_from <= wanted.age <= unit.age_to:
        yield f"Takes {ages_words(unit)}. {wanted.he_is} {wanted.age}"


def _gender(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    wrong = {UnitGender.FEMALE: BOYS, UnitGender.MALE: GIRLS}.get(UnitGender(unit.gender))
    if wrong is not None and wanted.gender == wrong:
        yield gender_words(unit)


def _held_back(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    if unit.exception_until is not None:
        return
    if unit.level == Level.INTENSIVE:
        yield f"Under intensive surveillance{_since(unit.level_since, wanted.now)}. Only a director can override"
    if unit.admissions == Admissions.SUSPENDED:
        since = _since(unit.admissions_since, wanted.now)
        yield f"Admissions suspended by the commissioner{since}. Only a director can override"


def _since(on: date | None, now: datetime) -> str:
    return f" since {day_words(on, now)}" if on is not None else ""


def _to_ask(wanted: Wanted, unit: UnitFacts) -> Iterable[str]:
    if unit.gender != UnitGender.MIXED and wanted.gender not in {BOYS, GIRLS}:
        yield f"Ask: {gender_words(unit).lower()}"
    if wanted.age is None and (unit.age_from > 0 or unit.age_to < ALL_AGES_FROM):
        yield f"Ask: takes {ages_words(unit)}"
