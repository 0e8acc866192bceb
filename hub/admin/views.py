"""The administrator's first page: what each page is for, and what needs attention."""

from __future__ import annotations

from flask import g, render_template, url_for

from hub.accounts.on_call import gaps_ahead
from hub.accounts.request_queries import count_waiting
from hub.admin import (
    code_queries,
    code_views,
    import_views,
    people_views,
    place_views,
    position_views,
    queries,
    unit_views,
)
from hub.admin.page import TYPED, blueprint, may_write, reads
from hub.admin.place_page import today
from hub.web.database import db
from hub.web.shell import other_pages

# The other pages join the blueprint when their modules are imported.
__all__ = [
    "KEEPERS",
    "blueprint",
    "code_views",
    "import_views",
    "people_views",
    "place_views",
    "position_views",
    "unit_views",
]

KEEPERS = (TYPED.keeper(lambda posted: posted.blueprint == blueprint.name),)
"""What the application asks to keep a post that came too late."""


@blueprint.get("")
@reads
def index() -> str:
    """What each page is for, and what wants looking after; every number leads to its list."""
    counts = queries.needs_attention(db.session, today())
    wants = [
        ("People with no role today", counts["without_role"], url_for("admin.people", show="without")),
        ("Roles that end in 14 days", counts["ending"], url_for("admin.people", show="ending")),
        (
            "Ended organisations with people in them",
            counts["ended_with_people"],
            url_for("admin.organisations", show="ended_with_people"),
        ),
        (
            "Units whose site has no postcode",
            counts["without_postcode"],
            url_for("admin.units", show="without_postcode"),
        ),
        ("Code lists with a change to come", code_queries.to_come(today()), url_for("admin.all_codes", show="to_come")),
        ("Gaps in the on-call rota", len(gaps_ahead(db.session, g.now)), url_for("rota.show")),
    ]
    pages = other_pages()
    requests = count_waiting(db.session, g.actor)
    if "Account requests" in pages:
        wants.insert(0, ("Account requests that wait", requests, pages["Account requests"]))
    return render_template("admin/index.html", wants=wants, pages=pages, may_write=may_write())
