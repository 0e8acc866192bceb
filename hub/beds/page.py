"""What the pages of beds have in common: who may read them, and one unit with one of its types of bed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from flask import Blueprint, abort, g

from hub.beds import queries
from hub.beds.figures import Figures, figures_of
from hub.beds.models import BedState, BedStateEntry
from hub.beds.presenters import beds_href
from hub.codes import known_label
from hub.organisations.models import Unit
from hub.web.access import roles
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from workflows.roles import HUB_ROLES, UNIT_ROLES

blueprint = Blueprint("beds", __name__)
TYPED = PageDrafts("beds")
reads = roles(*sorted(HUB_ROLES), *sorted(UNIT_ROLES))


@dataclass(frozen=True)
class Shown:
    """One unit and one of its types of bed, for this request."""

    unit: Unit
    beds: list[queries.UnitBeds]
    line: queries.UnitBeds

    @property
    def state(self) -> BedState | None:
        """The figures of this type; None while nobody has confirmed any."""
        return self.line.state

    @property
    def version(self) -> int:
        """How often they were confirmed."""
        return self.state.version if self.state else 0

    @property
    def label(self) -> str:
        """The type in words."""
        return known_label("bed_type", self.line.bed_type)

    @cached_property
    def is_by_telephone(self) -> bool:
        """Whether this person enters what the unit said on the telephone."""
        return queries.is_by_telephone(g.actor)

    @property
    def may_confirm(self) -> bool:
        """Whether this person may enter figures here."""
        return queries.may_confirm(g.actor)

    def href(self, endpoint: str = "beds.unit", bed_type: str = "") -> str:
        """The address of this page, of another type of the same unit, or of where its draft goes."""
        return beds_href(self.unit, bed_type or self.line.bed_type, endpoint)

    @property
    def tabs(self) -> list[tuple[str, str, None, bool]]:
        """The types of bed of this unit, when it has several."""
        names = [each.bed_type for each in self.beds] if len(self.beds) > 1 else []
        return [
            (known_label("bed_type", name), self.href(bed_type=name), None, name == self.line.bed_type)
            for name in names
        ]

    def history(self) -> list[BedStateEntry]:
        """The last confirmations, newest first."""
        return list(queries.history_of(db.session, self.unit.id, self.line.bed_type))

    def entry(self, version: int) -> Figures | None:
        """The figures of one version, or None."""
        found = queries.entry_of(db.session, self.unit.id, self.line.bed_type, version) if version else None
        return figures_of(found) if found else None


def the_beds(code: str, bed_type: str) -> Shown:
    """The unit of an address; one that this person may not see answers as one that is not there."""
    found = queries.find_unit(db.session, code, g.actor, g.now) or abort(HTTPStatus.NOT_FOUND)
    beds = queries.beds_of(db.session, found, g.now)
    line = next((each for each in beds if each.bed_type == (bed_type or found.bed_type)), None)
    return Shown(found, beds, line or abort(HTTPStatus.NOT_FOUND))


def limit_words() -> str:
    """After how long a figure is stale, in words."""
    return queries.policy_now(db.session, g.now).text(queries.STALE)
