"""The case page, its whole timeline, and who has looked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for

from hub.casefile import queries
from hub.casefile.alike import may_propose, records_alike
from hub.casefile.documents import document_lines
from hub.casefile.involved import read_parties
from hub.casefile.presenters import CasePage
from hub.db import transaction
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.paging import Page, address, read_cursor
from hub.web.trail import note

blueprint = Blueprint("casefile", __name__, url_prefix="/cases")
LAST_EVENTS, LAST_LOOKS, PAGE_SIZE = 25, 5, 50


@blueprint.get("/<reference>")
@signed_in
def show(reference: str) -> str:
    """One case."""
    page = _open(reference)
    reading = page.reading
    live, involved = read_parties(db.session, reading, g.actor)
    if not page.is_history_only:
        queries.load_kinds(db.session, [line.item for line in reading.open_items])
    return render_template(
        "casefile/show.html",
        page=page,
        open_items=page.open_items(live),
        involved=page.involved(involved),
        timeline=queries.read_timeline(db.session, reading, g.actor, LAST_EVENTS),
        looks=queries.read_looks(db.session, reading.case.id, LAST_LOOKS) if page.may_see_who_looked else None,
        documents=document_lines(reading.items, g.actor),
        alike=records_alike(db.session, reading.patient, g.actor) if page.is_whole and page.may_see_who_looked else [],
        may_propose=page.is_whole and may_propose(g.actor),
    )


@blueprint.get("/<reference>/timeline")
@signed_in
def timeline(reference: str) -> str:
    """Everything that happened, newest first, page by page."""
    page = _open(reference)
    after = read_cursor(request.args.get("after"))
    events = queries.read_timeline(db.session, page.reading, g.actor, PAGE_SIZE, after)
    return render_template(
        "casefile/timeline.html", page=page, timeline=events, **_places("casefile.timeline", reference, events)
    )


@blueprint.get("/<reference>/who-has-looked")
@signed_in
def who_has_looked(reference: str) -> str:
    """Everybody who opened the case or an item of it, newest first, page by page."""
    page = _open(reference, needs_the_log=True)
    after = read_cursor(request.args.get("after"))
    looks = queries.read_looks(db.session, page.case.id, PAGE_SIZE, after)
    return render_template(
        "casefile/who_has_looked.html", page=page, looks=looks, **_places("casefile.who_has_looked", reference, looks)
    )


def _open(reference: str, *, needs_the_log: bool = False) -> CasePage:
    """The case, logged as opened. One that may not be seen answers as one that is not there, and the try is logged."""
    reading, case_id = queries.read_case(db.session, reference, g.actor)
    is_open = reading is not None and (reading.may_see_who_looked or not needs_the_log)
    if case_id is not None:
        with transaction(db.session):
            note(db.session, "opened" if is_open else "refused", case_id=case_id, reference=reference)
    if reading is None or not is_open:
        abort(HTTPStatus.NOT_FOUND)
    return CasePage(reading, g.actor, g.now)


def _places(endpoint: str, reference: str, found: Page[Any]) -> dict[str, str]:
    """Addresses of the next and the first page; empty where there is none."""
    here = url_for(endpoint, reference=reference)
    return {
        "next_href": address(endpoint, (), found.next, reference=reference) if found.next else "",
        "first_href": here if request.args.get("after") else "",
    }
