"""The statements of a search: what is found, by one statement; who and what that is, by at most two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SmallInteger,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, aliased

from hub.cases.models import CareCase
from hub.engine.models import WorkItem
from hub.escalations.models import Escalation
from hub.organisations.models import Organisation, Site, Unit
from hub.patients.models import FormerNumber, Patient
from hub.referrals.models import Referral
from hub.search.keys import Keys, Step
from hub.search.question import Question
from hub.search.seen import (
    case_is_seen,
    is_not_sealed,
    item_is_seen,
    item_is_told,
    knows_everybody,
    person_is_seen,
    sees_the_trail_alone,
)
from workflows.actor import Actor

MOST: Final = 50
"""Hits on a page; beyond it the page says that there are more."""
_LIMIT: ColumnElement[Any] = literal_column(str(MOST + 1))
"""Written into the statement: behind a parameter a prepared plan would expect a tenth of the table."""

_REFERRAL: Any = Referral.__table__
FORM = (_REFERRAL.c.family_name, _REFERRAL.c.given_name, _REFERRAL.c.preferred_name, _REFERRAL.c.previous_family_names)
_DISPUTE: Any = Escalation.__table__
APPROACH = "approach"
BY_ITS_OWN_WORDS: Final = ("referral", "escalation")
"""Kinds that a party finds by what stands in them, and not by the person of their case."""
_RECORD = (Patient.family_name, Patient.given_name, Patient.preferred_name)
Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found, not yet told."""

    what: str
    """person, case, item, unit or organisation."""
    id: int
    """The person's record that stands; of a case its person's; of a unit its organisation's; else its own."""
    step: Step
    via: str
    """Which name, when it was not the family and given name: preferred, earlier, other record. Of a place its name."""
    reference: str
    """Of a place its code."""


def find(session: Session, actor: Actor, question: Question, keys: Keys | None) -> list[Found]:
    """What the question finds for this actor, each way at most MOST + 1, by one statement."""
    parts: list[Query] = []
    if question.references:
        parts += _by_reference(actor, question.references)
    elif question.nhs_number:
        parts += _by_number(actor, question.nhs_number)
    elif keys is not None or question.born_on is not None:
        parts += _by_name(actor, keys, question.born_on)
        if question.words and question.born_on is None:
            parts.append(_by_title(actor, question.words))
    if not parts:
        return []
    rows = session.execute(union_all(*(select(part.subquery()) for part in parts)))
    return [Found(row.what, row.id, Step(row.step), row.via, row.reference) for row in rows]


def _row(what: str, identity: Any, step: Any = Step.EXACT, via: Any = "", reference: Any = "") -> tuple[Any, ...]:
    return (
        literal(what).label("what"),
        type_coerce(identity, BigInteger).label("id"),
        cast(int(step), SmallInteger).label("step"),
        (literal(via) if isinstance(via, str) else via).label("via"),
        (literal(reference) if isinstance(reference, str) else reference).label("reference"),
    )


def _by_reference(actor: Actor, references: Sequence[str]) -> list[Query]:
    item = select(WorkItem.id, WorkItem.reference).where(WorkItem.reference.in_(references)).subquery("named")
    items = select(*_row("item", item.c.id, reference=item.c.reference)).where(item_is_seen(actor, item.c.id, item))
    cases = select(*_row("case", CareCase.patient_id, reference=CareCase.reference)).where(
        CareCase.reference.in_(references), case_is_seen(actor)
    )
    return [items.limit(_LIMIT), cases.limit(_LIMIT)]


def _by_number(actor: Actor, number: str) -> list[Query]:
    if not (knows_everybody(actor) or sees_the_trail_alone(actor)):
        asked = [_REFERRAL.c.nhs_number == number]
        return [*_items(actor, lambda _: asked, [None]), _what_follows(actor, asked, None, None, kinds=(APPROACH,))]
    # Both ways, for an index each: of the records that stand and of those that became part of another.
    has = [
        and_(Patient.nhs_number == number, merged)
        for merged in (Patient.merged_into_id.is_(None), Patient.merged_into_id.is_not(None))
    ]
    had = Patient.id.in_(select(FormerNumber.patient_id).where(FormerNumber.nhs_number == number))
    people = [_people(actor, [condition], Step.EXACT) for condition in (*has, had)]
    named = aliased(WorkItem)
    on_a_form = (
        select(*_row("person", CareCase.patient_id, via="other record"))
        .select_from(_REFERRAL)
        .join(named, named.id == _REFERRAL.c.id)
        .join(CareCase, CareCase.id == named.case_id)
        .where(_REFERRAL.c.nhs_number == number, is_not_sealed(actor))
        .limit(_LIMIT)
    )
    drafts = [] if sees_the_trail_alone(actor) else _items(actor, lambda _: [_REFERRAL.c.nhs_number == number], [None])
    return [*people, on_a_form, *drafts]


def _by_name(actor: Actor, keys: Keys | None, born_on: date | None) -> list[Query]:
    steps: Sequence[Step | None] = list(Step) if keys is not None else [None]

    def asked(step: Step | None, names: Iterable[Any], born: Any) -> list[ColumnElement[bool]]:
        found = [] if born_on is None else [born == born_on]
        return found if keys is None or step is None else [_match(names, keys.by_step[step]), *found]

    def on_the_form(step: Step | None) -> list[ColumnElement[bool]]:
        return asked(step, FORM, _REFERRAL.c.date_of_birth)

    parts = _items(actor, on_the_form, steps, keys)
    if knows_everybody(actor):
        people = [
            _people(actor, asked(step, _RECORD, Patient.date_of_birth), step or Step.EXACT, _by_preferred(keys, step))
            for step in steps
        ]
        parts.append(_first(people))
    else:
        parts.append(_first([_what_follows(actor, on_the_form(step), keys, step) for step in steps]))
    if actor.is_hub and keys is not None and born_on is None:
        parts += _places(keys)
    return parts


def _by_title(actor: Actor, words: Sequence[str]) -> Query:
    """Disputes whose question has all these words. Whom one is about is no part of it, and found with the person."""
    named = [WorkItem.title.icontains(word, autoescape=True) for word in words]
    query = select(*_row("item", _DISPUTE.c.id)).select_from(_DISPUTE).join(WorkItem, WorkItem.id == _DISPUTE.c.id)
    return query.where(*named, item_is_told(actor, _DISPUTE.c.id, _DISPUTE)).limit(_LIMIT)


def _match(names: Iterable[Any], asked: str) -> ColumnElement[bool]:
    return func.names_to_find(*names).op("@@", is_comparison=True)(cast(asked, TSQUERY))


def _first(parts: Sequence[Query]) -> Query:
    """The first MOST + 1 rows of these, one after the other: what is not needed any more is not asked."""
    if len(parts) == 1:
        return parts[0]
    return select(union_all(*(select(part.subquery()) for part in parts)).subquery()).limit(_LIMIT)


def _people(actor: Actor, conditions: Sequence[ColumnElement[bool]], step: Step, via: Any = "") -> Query:
    stands = func.coalesce(Patient.merged_into_id, Patient.id)
    other = case((Patient.merged_into_id.is_not(None), "other record"), else_=via)
    query = select(*_row("person", stands, step, other))
    return query.where(*conditions, person_is_seen(actor, stands, Patient.__table__)).limit(_LIMIT)


def _by_preferred(keys: Keys | None, step: Step | None) -> Any:
    """ "preferred" when the family and given name alone do not answer."""
    if keys is None or step is None:
        return ""
    plain = _match(_RECORD[:2], keys.by_step[step])
    return case((Patient.preferred_name.is_(None), ""), (plain, ""), else_="preferred")


def _items(
    actor: Actor,
    asked: Callable[[Step | None], list[ColumnElement[bool]]],
    steps: Sequence[Step | None],
    keys: Keys | None = None,
) -> list[Query]:
    """Referrals by what their own form says."""
    parts = []
    for step in steps:
        via: Any = literal("")
        if keys is not None and step is not None:
            former, likes = (_REFERRAL.c[name].is_(None) for name in ("previous_family_names", "preferred_name"))
            plain, named = (_match(FORM[:most], keys.by_step[step]) for most in (2, 3))
            via = case((and_(former, likes), ""), (plain, ""), (named, "preferred"), else_="earlier")
        query = select(*_row("item", _REFERRAL.c.id, step or Step.EXACT, via)).select_from(_REFERRAL)
        parts.append(query.where(*asked(step), item_is_told(actor, _REFERRAL.c.id, _REFERRAL)).limit(_LIMIT))
    return [_first(parts)]


def _what_follows(
    actor: Actor,
    conditions: Sequence[ColumnElement[bool]],
    keys: Keys | None,
    step: Step | None,
    kinds: Sequence[str] = (),
) -> Query:
    """What goes with a referral of these names, for a party to it alone, who reads the name in its title.

    An approach has no name in its title: its pack has, unless sharing is restricted. `kinds`: these alone.
    """
    named, near = aliased(WorkItem), aliased(WorkItem)
    case_id = select(named.case_id).where(named.id == _REFERRAL.c.id).correlate(_REFERRAL).scalar_subquery()
    # A limit inside, so that each case is asked by its key and no table is joined as a whole.
    one = select(near.id, near.title, near.kind).where(near.case_id == case_id, near.kind.not_in(BY_ITS_OWN_WORDS))
    if kinds:
        one = one.where(near.kind.in_(kinds))
    other = one.limit(literal_column(str(MOST))).correlate(_REFERRAL).lateral("other")
    query = select(*_row("item", other.c.id, step or Step.EXACT)).select_from(_REFERRAL).join(other, true())
    is_named: ColumnElement[bool] = true()
    if keys is not None and step is not None:
        is_named = _match([other.c.title], keys.by_step[step])
    told = case((other.c.kind == APPROACH, _is_in_the_pack(case_id)), else_=is_named)
    return query.where(*conditions, told, item_is_told(actor, other.c.id, other)).limit(_LIMIT)


def _is_in_the_pack(case_id: Any) -> ColumnElement[bool]:
    """Whether the pack of an approach says who the person is: nowhere is sharing restricted."""
    by_the_case = select(CareCase.sharing_restricted).where(CareCase.id == case_id).correlate(_REFERRAL)
    return and_(_REFERRAL.c.sharing_restricted.is_not(True), by_the_case.scalar_subquery().is_not(True))


def _places(keys: Keys) -> list[Query]:
    def organisations(step: Step, condition: ColumnElement[bool]) -> Query:
        query = select(*_row("organisation", Organisation.id, step, Organisation.name, Organisation.ods_code))
        return query.where(condition).limit(_LIMIT)

    def units(step: Step, condition: ColumnElement[bool]) -> Query:
        named = func.concat(Unit.name, ", ", Organisation.name)
        query = select(*_row("unit", Organisation.id, step, named, Unit.unit_code)).select_from(Unit)
        query = query.join(Site, Site.id == Unit.site_id)
        return query.join(Organisation, Organisation.id == Site.organisation_id).where(condition).limit(_LIMIT)

    code = "".join(keys.spellings).upper()
    # A name that is only nearly like a team's is most often a person's.
    asked = {step: keys.by_step[step] for step in (Step.EXACT, Step.BEGINS, Step.SOUNDS)}
    return [
        organisations(Step.EXACT, Organisation.ods_code == code),
        units(Step.EXACT, func.translate(Unit.unit_code, "- ", "") == code),
        _first([organisations(step, _match([Organisation.name], words)) for step, words in asked.items()]),
        _first([units(step, _match([Unit.name], words)) for step, words in asked.items()]),
    ]
