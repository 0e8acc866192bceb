"""What the pages of organisations, sites, units and collaboratives share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from flask import abort, g, render_template, request, url_for

from hub.admin import place_queries
from hub.admin.page import Question, may_write
from hub.admin.place_forms import PlaceForm
from hub.organisations.models import Organisation, Site, Unit
from hub.organisations.services import Table, add_place, change_place
from hub.web.database import db
from workflows.durations import local

NEVER = "Nothing is deleted: what was recorded with it stays, and its history."


def listed(template: str, rows: list[Any], **told: Any) -> str:
    """A list of places, cut at the most that is shown."""
    most = place_queries.MOST_LISTED
    return render_template(
        template, rows=rows[:most], is_cut=len(rows) > most, today=today(), may_write=may_write(), **told
    )


def added(table: Table, form: PlaceForm, values: dict[str, Any], endpoint: str, code: str) -> tuple[str, str]:
    """Add a place; what to say and where to go."""
    row = add_place(db.session, g.actor, table, values, why=form.why.data, now=g.now)
    return f"{row.name} is added", url_for(endpoint, reference=getattr(row, code))


def changed(table: Table, place_id: int, form: PlaceForm, values: dict[str, Any], href: str) -> tuple[str, str]:
    """Change a place; what to say and where to go."""
    change_place(db.session, g.actor, table, place_id, values, why=form.why.data, now=g.now, seen=form.last_seen)
    return "The change is recorded", href


def change_of(
    title: str, name: str, href: str, table: Table, key: int, points: tuple[str, ...], facts: Any = ()
) -> Question:
    """How the change of one place is asked."""
    way = [("Administration", url_for("admin.index")), (name, href)]
    told = {"below": name, "points": points, "facts": facts, "subject": table.subject, "key": key}
    return Question(title, "Record the change" if title.startswith("Change") else title, href, way, **told)


def code_of(text: str) -> str:
    """A code from an address."""
    return text.replace("\0", "")[:20]


def words_asked() -> str:
    """The words a list is searched for."""
    return " ".join(request.args.get("q", "").replace("\0", "").split())[:100]


def show_asked(known: Mapping[str, str]) -> str:
    """Which part of a list is asked for; "" for anything it does not know."""
    asked = request.args.get("show", "")
    return asked if asked in known else ""


def today() -> date:
    """The day it is in London."""
    return local(g.now).date()


def crumbs(*links: tuple[str, str]) -> list[tuple[str, str]]:
    """The way back."""
    return [("Administration", url_for("admin.index")), *((words, url_for(end)) for words, end in links)]


def crumbs_of(row: Organisation) -> list[tuple[str, str]]:
    """The way back to an organisation."""
    here = url_for("admin.organisation", reference=row.ods_code)
    return [*crumbs(("Organisations", "admin.organisations")), (row.name, here)]


def the_organisation(reference: str) -> Organisation:
    """The organisation of an address, or the page that says there is none."""
    return place_queries.find_organisation(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)


def goes_on(row: Site | Unit) -> bool:
    """Whether a site or unit has not ended."""
    return row.until_on is None or row.until_on >= today()
