"""Units for tests: one with its place, beds and level said at once, or as many as a country has."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.beds.models import BedState, BedStateEntry
from hub.organisations.models import Collaborative, Organisation, Site, Unit
from hub.placements.models import Placement
from tests.factories import NOW, make_organisation, make_provider, make_unit
from tests.placement_factory import collaborative_of, join_collaborative

POSTCODES = ("HX3 0AA", "LS1 4AB", "S1 2HH", "YO1 7HH", "CA1 1AA", "TR1 1AA", "", "ZZ99 3VZ")
"""Near, far, not known, and one that is no place."""
BED_TYPES = ("301", "301", "309", "302")


def unit_at(
    session: Session,
    name: str,
    postcode: str = "LS1 4AB",
    *,
    provider: Organisation | None = None,
    free: int | None = None,
    confirmed_at: datetime = NOW,
    **values: Any,
) -> Unit:
    """A unit called `name` at `postcode`; `free` of ten beds, or none confirmed. `values` are its own columns."""
    made = make_unit(session, provider or make_provider(session))
    for column, value in {"name": name, **values}.items():
        setattr(made, column, value)
    made.site.postcode = postcode
    if free is not None:
        figures: dict[str, Any] = {
            "commissioned": 10,
            "open_beds": 10,
            "occupied": 10 - free,
            "held": 0,
            "confirmed_at": confirmed_at,
        }
        session.add(BedState(unit_id=made.id, bed_type=made.bed_type, **figures))
        entry: dict[str, Any] = {"version": 1, "source": "page", "recorded_at": confirmed_at}
        session.add(BedStateEntry(unit_id=made.id, bed_type=made.bed_type, **figures, **entry))
    session.flush()
    return made


def put_in_a_collaborative(session: Session, placement: Placement, *members: Organisation) -> Collaborative:
    """The collaborative to which the search belongs, with these members."""
    made = collaborative_of(session, placement)
    for member in members:
        join_collaborative(session, placement, member)
    return made


def many_units(session: Session, number: int, *, now: datetime = NOW) -> None:
    """`number` units of fifty providers, written at once, with every sort of place, bed, level and position."""
    providers = [make_organisation(session, f"ZM{each:03}", name=f"Provider {each}").id for each in range(50)]
    sites = session.scalars(
        insert(Site).returning(Site.id),
        [
            {
                "site_code": f"ZMS{each}",
                "name": f"Site {each}",
                "organisation_id": providers[each % 50],
                "postcode": POSTCODES[each % len(POSTCODES)],
            }
            for each in range(number)
        ],
    ).all()
    units = session.scalars(
        insert(Unit).returning(Unit.id),
        [
            {
                "unit_code": f"ZMU{each}",
                "name": f"Unit {each}",
                "site_id": site,
                "bed_type": BED_TYPES[each % len(BED_TYPES)],
                "gender": ("mixed", "mixed", "female")[each % 3],
                "age_from": (13, 0, 18)[each % 5 % 3],
                "age_to": (17, 12, 120)[each % 5 % 3],
                "level": ("routine", "enhanced", "intensive")[each % 17 % 3],
                "admissions": ("open", "case_by_case", "suspended")[each % 13 % 3],
                "admissions_why": "Staffing" if each % 13 % 3 else "",
            }
            for each, site in enumerate(sites)
        ],
    ).all()
    session.execute(
        insert(BedState),
        [
            {
                "unit_id": unit,
                "bed_type": BED_TYPES[each % len(BED_TYPES)],
                "commissioned": 12,
                "open_beds": 12,
                "occupied": each % 13,
                "held": 0,
                "confirmed_at": now - timedelta(hours=each % 40),
            }
            for each, unit in enumerate(units)
            if each % 9
        ],
    )
    session.flush()
