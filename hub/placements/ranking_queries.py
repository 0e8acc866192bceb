"""Reading what the ranking needs: two statements, however many units there are."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from hub.beds.models import BedState, free_beds
from hub.beds.queries import stale_after
from hub.cases.models import CareCase
from hub.organisations.models import Organisation, Site, Unit
from hub.organisations.queries import belongs_to
from hub.patients.models import Patient
from hub.placements.models import PlacementException
from hub.placements.ranking import BedFigure, Ranked, Ranking, UnitFacts, Wanted, judge, ranked
from hub.places.distance import band_words, bands_in, km_between
from hub.places.outcodes import Point, outcode_of, point_of
from hub.web.filters import age
from hub.web.stored_words import shown
from workflows.durations import local


def rank(session: Session, placement: Any, now: datetime) -> Ranking:
    """Every unit for this search at `now`: those that fit, nearest first, and those left out with every reason.

    Two statements for any number of units, and one more where the policy set was not read yet.
    """
    search = _Search(session, placement, now)
    return ranked(search.wanted, [search.facts(row) for row in search.rows()], search.home, search.home_point)


def fit_of(session: Session, placement: Any, unit_id: int, now: datetime) -> Ranked | None:
    """One unit as the ranking sees it; None when there is no such unit."""
    search = _Search(session, placement, now)
    found = search.rows(Unit.id == unit_id)
    return judge(search.wanted, search.facts(found[0])) if found else None


def bands_of(placement: Any) -> list[float]:
    """The upper ends of the distance bands in km, ascending, as the search's own policy set gives them."""
    return bands_in(placement.policy)


class _Search:
    """One person's search: what is wanted, and the units' facts as seen from their home."""

    def __init__(self, session: Session, placement: Any, now: datetime) -> None:
        self._session, self._placement, self._now = session, placement, now
        self._good_for = stale_after(placement.policy)
        # Thousands of units share a few hundred districts and a few dozen types of bed.
        self._place, self._bed_words = cache(self._worked_out), cache(lambda code: shown(code, codes="bed_type"))
        self._bands = bands_of(placement)
        person = session.execute(
            select(Patient.date_of_birth, Patient.gender, Patient.postcode)
            .join(CareCase, CareCase.patient_id == Patient.id)
            .where(CareCase.id == placement.case_id)
        ).one_or_none()
        born_on, gender, postcode = person or (None, None, None)
        self.home = outcode_of(postcode)
        self.home_point: Point | None = point_of(self.home)
        self.wanted = Wanted(
            bed_type=placement.bed_type,
            bed_words=shown(placement.bed_type, codes="bed_type"),
            age=age(born_on, now),
            gender=gender,
            now=now,
        )

    def rows(self, *conditions: ColumnElement[bool]) -> Sequence[Any]:
        """The units with site, organisation, beds, membership and exception, in one statement."""
        wanted = self._placement.bed_type
        beds = and_(BedState.unit_id == Unit.id, BedState.bed_type == (wanted or Unit.bed_type))
        return self._session.execute(
            select(
                Unit.id,
                Unit.name,
                Unit.bed_type,
                Unit.gender,
                Unit.age_from,
                Unit.age_to,
                Unit.level,
                Unit.level_since,
                Unit.admissions,
                Unit.admissions_since,
                Unit.admissions_why,
                func.least(Unit.until_on, Site.until_on, Organisation.until_on).label("closed_on"),
                Site.postcode,
                Organisation.id.label("organisation_id"),
                Organisation.name.label("provider"),
                Organisation.kind.label("provider_kind"),
                BedState.open_beds,
                BedState.occupied,
                BedState.held,
                BedState.closed_why,
                BedState.confirmed_at,
                belongs_to(self._placement.collaborative_id, local(self._now).date()).label("in_collaborative"),
                self._allowed_until().label("exception_until"),
            )
            .join(Site, Site.id == Unit.site_id)
            .join(Organisation, Organisation.id == Site.organisation_id)
            .outerjoin(BedState, beds)
            .where(*conditions)
        ).all()

    def facts(self, row: Any) -> UnitFacts:
        """One row as the ranking compares it."""
        point, km, band = self._place(row.postcode)
        return UnitFacts(
            id=row.id,
            name=row.name,
            provider=row.provider,
            provider_kind=row.provider_kind,
            organisation_id=row.organisation_id,
            bed_type=row.bed_type,
            bed_words=self._bed_words(row.bed_type),
            gender=row.gender,
            age_from=row.age_from,
            age_to=row.age_to,
            closed_on=row.closed_on,
            level=row.level,
            level_since=row.level_since,
            admissions=row.admissions,
            admissions_since=row.admissions_since,
            admissions_why=row.admissions_why,
            point=point,
            has_postcode=bool(row.postcode),
            km=km,
            band=band,
            in_collaborative=row.in_collaborative,
            beds=self._figure(row),
            takes_type=self.wanted.bed_type in {None, row.bed_type} or row.confirmed_at is not None,
            exception_until=row.exception_until,
        )

    def _worked_out(self, postcode: str) -> tuple[Point | None, float | None, str]:
        point = point_of(outcode_of(postcode))
        km = km_between(self.home_point, point)
        return point, km, band_words(km, self._bands)

    def _figure(self, row: Any) -> BedFigure | None:
        if row.confirmed_at is None:
            return None
        free = free_beds(row.open_beds, row.occupied, row.held)
        is_stale = self._now - row.confirmed_at > self._good_for
        return BedFigure(row.open_beds, free, row.closed_why, row.confirmed_at, is_stale)

    def _allowed_until(self) -> ColumnElement[Any]:
        return (
            select(func.max(PlacementException.until_at))
            .where(
                PlacementException.placement_id == self._placement.id,
                PlacementException.unit_id == Unit.id,
                PlacementException.until_at > self._now,
            )
            .scalar_subquery()
        )
