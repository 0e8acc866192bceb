"""The access trail of one person: what they opened, searched, listed, exported or were refused."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.trail import queries
from hub.trail.presenters import KINDS, TrailPage, about, csv_of, file_name
from hub.trail.queries import Filters, Known
from hub.web.access import roles
from hub.web.database import db
from hub.web.paging import address, read_cursor
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("trail", __name__, url_prefix="/trail")
_who = roles(Role.INFORMATION_GOVERNANCE, Role.DIRECTOR)


@blueprint.get("")
@_who
def show() -> ResponseReturnValue:
    """Choose a person by name or e-mail; then what they did, newest first."""
    person = _person()
    if person is not None:
        return _trail(person)
    words = " ".join(request.args.get("q", "").replace("\0", "").split())[:100]
    found = queries.find_people(db.session, words) if words else []
    if words:
        with transaction(db.session):
            note(db.session, "searched", among="accounts", count=len(found))
    return render_template("trail/choose.html", words=words, found=found, most=queries.MOST_PEOPLE, about=about)


@blueprint.get("/export")
@_who
def export() -> ResponseReturnValue:
    """The trail as it is filtered, as a CSV file."""
    person = _person()
    if person is None:
        return show()
    filters, _ = _filters()
    found = queries.read_trail(db.session, person.id, filters, size=queries.MOST_EXPORTED)
    _note("exported", person, filters, len(found.rows))
    content = csv_of(found.rows, is_cut=found.next is not None)
    name = f'attachment; filename="{file_name(person, filters)}"'
    return Response("\ufeff" + content, mimetype="text/csv", headers={"Content-Disposition": name})


def _trail(person: Known) -> str:
    filters, wrong = _filters()
    after = read_cursor(request.args.get("after"))
    found = queries.read_trail(db.session, person.id, filters, after)
    page = TrailPage(person, filters, found, queries.count_trail(db.session, person.id, filters))
    _note("trail_read", person, filters, page.number)
    pairs = _pairs(person, filters)
    return render_template(
        "trail/show.html",
        page=page,
        wrong=wrong,
        about=about(person),
        kinds=[(kind, words, None, kind in filters.kinds) for kind, words in KINDS.items()],
        next_href=address("trail.show", pairs, found.next) if found.next else "",
        first_href=address("trail.show", pairs) if after else "",
        export_href=address("trail.export", pairs),
        all_href=url_for("trail.show", person=person.id),
    )


def _note(what: str, person: Known, filters: Filters, number: int) -> None:
    """Whoever reads a trail is in the log too."""
    asked = urlencode(_pairs(person, filters))
    with transaction(db.session):
        note(db.session, what, trail_of=person.email, count=number, query=asked)


def _person() -> Known | None:
    given = request.args.get("person", "")
    if not given:
        return None
    is_number = given.isascii() and given.isdecimal() and len(given) < 10
    person = queries.find_person(db.session, int(given)) if is_number else None
    return person or abort(HTTPStatus.NOT_FOUND)


def _filters() -> tuple[Filters, list[str]]:
    """The filters of the address, and what of it was not understood."""
    wrong: list[str] = []
    since, until = _day("since", "From", wrong), _day("until", "Until", wrong)
    if since and until and until < since:
        wrong.append("“Until” is before “From”, so nothing can be found")
    return Filters(since, until, frozenset(request.args.getlist("kind")) & KINDS.keys()), wrong


def _day(name: str, label: str, wrong: list[str]) -> date | None:
    text = request.args.get(name, "").strip()
    try:
        day = date.fromisoformat(text) if text else None
        if day is not None and not 2000 <= day.year <= 9000:
            raise ValueError
    except ValueError:
        wrong.append(f"“{label}” must be a date like 2026-03-27, so it was left out")
        return None
    return day


def _pairs(person: Known, filters: Filters) -> list[tuple[str, str]]:
    days = [("since", filters.since), ("until", filters.until)]
    return [
        ("person", str(person.id)),
        *((name, day.isoformat()) for name, day in days if day),
        *(("kind", kind) for kind in sorted(filters.kinds)),
    ]
