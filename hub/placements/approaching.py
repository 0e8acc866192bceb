"""What follows for the units: asking one, settling every offer when one is accepted, and giving a bed back.

All of it runs in the transaction of the action it follows from, with the case's row locked; so two offers accepted at
once are one, and an offer made in the same second as another's acceptance is stood down or refused, never forgotten.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.beds.queries import is_stale, state_at
from hub.codes import label
from hub.engine.models import Clock
from hub.engine.parties import add_party
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.topics import Happened
from hub.engine.unread import unread
from hub.organisations.models import Unit
from hub.organisations.queries import why_closed
from hub.placements.approach_models import Approach, ApproachFigures, ApproachPack
from hub.placements.models import Placement, PlacementException
from hub.placements.pack import pack_facts
from hub.placements.ranking_queries import fit_of
from workflows.approach import APPROACH, NO_BED, State
from workflows.core import SYSTEM
from workflows.durations import local
from workflows.placement import WITH_A_BED
from workflows.roles import Capacity

NOT_NEEDED = "No bed is needed from this unit any more"
OUT_OF_AREA = {
    "out_of_area_reason": "say why",
    "repatriation_plan": "say how the person comes back near home",
    "repatriation_on": "give the day on which that is looked at again",
}
"""What a unit outside the collaborative calls for, and the words for what is missing."""


def ask_the_unit(happened: Happened) -> None:
    """Open the approach: one question to one unit, with what it needs to answer and a clock of its own."""
    session, placement = happened.session, happened.item
    unit = session.get_one(Unit, happened.values["asked_unit_id"])
    if closed := why_closed(unit, local(happened.at).date()):
        raise ActionRefused([Problem(f"{closed}. Ask another unit", "asked_unit_id")])
    asked_before = [each for each in _open_approaches(session, placement) if each.unit_id == unit.id]
    if asked_before:
        said = f"{unit.name} was asked already and has not said no: see {asked_before[0].reference}"
        raise ActionRefused([Problem(said, "asked_unit_id")])
    _check_it_fits(happened, unit)
    made: Approach = start(
        session,
        APPROACH,
        happened.actor,
        now=happened.at,
        values={
            "bed_type": placement.bed_type,
            "asked_person": happened.values["asked_person"],
            "asked_how": happened.values["asked_how"],
        },
        parent=placement,
        about=Beginning(
            title=label("bed_type", placement.bed_type) if placement.bed_type else "A bed",
            owner_id=placement.owner_id,
            organisation_id=unit.site.organisation_id,
            unit_id=unit.id,
            parties=(PartyTo((Capacity.ASKED,), unit.site.organisation_id, unit.id, why="Asked for a bed"),),
        ),
    )
    age, outcode = pack_facts(placement, happened.at)
    session.add(ApproachPack(approach_id=made.id, age_years=age, home_outcode=outcode))
    session.flush()
    session.expire(placement, ["approaches"])


def keep_the_exception(happened: Happened) -> None:
    """A director's leave for one unit, until a moment."""
    placement, values = happened.item, happened.values
    happened.session.add(
        PlacementException(
            placement_id=placement.id,
            unit_id=values["exception_unit_id"],
            until_at=values["exception_until"],
            why=happened.reason or "",
            allowed_by_id=happened.actor.user_id,
            allowed_at=happened.at,
        )
    )
    happened.session.flush()


def take_the_offer(happened: Happened) -> None:
    """The chosen offer is taken, every other unit is stood down, and the one that has the bed sees what is to come."""
    session, placement = happened.session, happened.item
    waiting = _open_approaches(session, placement)
    chosen = next(each for each in waiting if each.reference == happened.values["accepted_approach"])
    _check_it_has_not_lapsed(session, chosen, happened.at)
    _check_it_may_be_accepted(happened, chosen)
    perform(session, chosen, "take", SYSTEM, now=happened.at)
    for other in waiting:
        if other is not chosen:
            perform(session, other, "stand_down", SYSTEM, now=happened.at, reason=NOT_NEEDED)
    receiving = PartyTo((Capacity.RECEIVING,), chosen.organisation_id, chosen.unit_id, why=chosen.reference)
    add_party(session, placement, receiving, now=happened.at)
    session.expire(placement, ["approaches"])


def give_the_bed_back(happened: Happened) -> None:
    """The search goes on or is stood down: the bed that was taken is free for others."""
    _end_all(happened, happened.item)


def search_again(happened: Happened) -> None:
    """The unit withdrew the bed that was accepted: the search goes on, unless it is what began this."""
    session, approach = happened.session, happened.item
    placement = unread(session, Placement, approach.parent_id)
    if placement.state in WITH_A_BED:
        perform(session, placement, "reopen_search", SYSTEM, now=happened.at, reason=f"{approach.reference}: withdrawn")


def compare_with_its_beds(happened: Happened) -> None:
    """What the unit's own bed state said when it refused; "no bed" beside a free one contradicts it."""
    session, approach = happened.session, happened.item
    found = state_at(session, approach.unit_id, approach.bed_type, happened.at) if approach.bed_type else None
    if found is None:
        return
    is_fresh = not is_stale(found.confirmed_at, happened.at, approach.policy)
    session.add(
        ApproachFigures(
            approach_id=approach.id,
            free=found.free,
            open_beds=found.open_beds,
            confirmed_at=found.confirmed_at,
            is_contradicted=is_fresh and found.free > 0 and happened.values["refusal_reason"] == NO_BED,
        )
    )
    session.flush()


def accepted(session: Session, placement: Placement) -> Approach | None:
    """The approach whose bed the person has or goes to."""
    query = select(Approach).where(Approach.parent_id == placement.id, Approach.state == State.TAKEN)
    return session.scalars(query.order_by(Approach.id.desc()).limit(1)).first()


def _end_all(happened: Happened, placement: Placement) -> None:
    session = happened.session
    for waiting in _open_approaches(session, placement):
        perform(session, waiting, "stand_down", SYSTEM, now=happened.at, reason=NOT_NEEDED)
    taken = accepted(session, placement)
    if taken is not None:
        perform(session, taken, "withdraw_taken", SYSTEM, now=happened.at, reason=NOT_NEEDED)
    session.expire(placement, ["approaches"])


def _open_approaches(session: Session, placement: Any) -> list[Approach]:
    """Asked or offered, as they are now that the case is locked."""
    query = select(Approach).where(Approach.parent_id == placement.id, Approach.is_open).order_by(Approach.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _check_it_fits(happened: Happened, unit: Unit) -> None:
    fit = fit_of(happened.session, happened.item, unit.id, happened.at)
    left_out = fit.why_left_out if fit is not None else ()
    if left_out and not happened.values.get("why_this_unit"):
        said = f"{unit.name} is left out of the list. {_sentences(left_out)} Say why it is asked all the same"
        raise ActionRefused([Problem(said, "why_this_unit")])


def _check_it_has_not_lapsed(session: Session, chosen: Approach, at: datetime) -> None:
    """An offer is over when its time is, whether or not the hub has come round to saying so."""
    runs = (Clock.stopped_at.is_(None), Clock.paused_at.is_(None))
    due_at = session.scalar(select(Clock.due_at).where(Clock.item_id == chosen.id, Clock.name == "offer", *runs))
    if due_at is not None and due_at <= at:
        said = "This offer has lapsed: its time is over. Ask the unit again, or choose another offer"
        raise ActionRefused([Problem(said, "accepted_approach")])


def _check_it_may_be_accepted(happened: Happened, chosen: Approach) -> None:
    unit = happened.session.get_one(Unit, chosen.unit_id)
    if closed := why_closed(unit, local(happened.at).date()):
        raise ActionRefused([Problem(f"{closed}. Choose another offer", "accepted_approach")])
    fit = fit_of(happened.session, happened.item, chosen.unit_id or 0, happened.at)
    if fit is None:
        raise ActionRefused([Problem("Choose an offer from the list", "accepted_approach")])
    wrong = []
    if fit.needs_exception and fit.unit.exception_until is None:
        said = f"{fit.unit.name} is under intensive surveillance, or its admissions are suspended"
        wrong.append(Problem(f"{said}: a director has to allow an exception first", "accepted_approach"))
    if not fit.in_collaborative:
        where = f"{fit.unit.name} is outside the collaborative"
        wrong += [
            Problem(f"{where}: {what}", name) for name, what in OUT_OF_AREA.items() if not happened.values.get(name)
        ]
    if wrong:
        raise ActionRefused(wrong)


def _sentences(reasons: tuple[str, ...]) -> str:
    return " ".join(f"{reason.rstrip('.')}." for reason in reasons)
