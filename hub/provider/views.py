"""The home of a side: what it is asked and has, its disputes, what it answered, and proof of what it sent."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, abort, g, render_template, request, url_for

from hub.db import transaction
from hub.engine.rulebook import rulebook
from hub.messages.queries import read_inbox
from hub.provider import queries, receipt_queries
from hub.provider.dispute_queries import read_disputes
from hub.provider.disputes import FEW_OVER, DisputeList, DisputesPage
from hub.provider.presenters import AnsweredPage, HomePage, place_of
from hub.provider.readers import HOME_ROLES, SENDERS
from hub.provider.receipts import FEW, ReceiptPage, SentPage, line_of, numbers_of
from hub.provider.side_home import SideHome, read_today
from hub.web.access import roles
from hub.web.database import db
from hub.web.paging import read_cursor
from hub.web.trail import note
from workflows.roles import UNIT_ROLES, Role

blueprint = Blueprint("provider", __name__, url_prefix="/home")


@blueprint.get("/")
@roles(*sorted(HOME_ROLES))
def index() -> str:
    """What my side is asked and has going on; for the people of a unit also its offers, beds and people."""
    return _of_units() if g.actor.role in UNIT_ROLES else _of_a_side()


def _of_units() -> str:
    ground = queries.read_ground(db.session, g.actor, g.now)
    place = place_of(g.person.organisation_name, ground.units, request.args.get("unit"))
    found = queries.read_open(db.session, g.actor, place.ids)
    ended = queries.read_ended(db.session, g.actor, place.ids)
    disputes = read_disputes(db.session, g.actor, ground.book, g.now, most=FEW_OVER)
    sent = receipt_queries.read_sent(db.session, g.actor, most=FEW)
    messages = read_inbox(db.session, g.actor.user_id).rows
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(place.pairs), count=len(found) + len(disputes.going))
    page = HomePage(
        place=place,
        now=g.now,
        ground=ground,
        found=found,
        ended=ended,
        messages=messages,
        disputes=DisputeList(disputes, g.actor, g.now),
        receipts=[line_of(each) for each in sent.rows],
    )
    return render_template("provider/home.html", page=page)


def _of_a_side() -> str:
    today, book = read_today(db.session, g.actor, g.now, read_inbox(db.session, g.actor.user_id).rows)
    disputes = read_disputes(db.session, g.actor, book, g.now, most=FEW_OVER)
    sent = receipt_queries.read_sent(db.session, g.actor, most=FEW)
    with transaction(db.session):
        note(db.session, "listed", query="", count=len(disputes.going))
    page = SideHome(
        organisation=g.person.organisation_name or "",
        today=today,
        disputes=DisputeList(disputes, g.actor, g.now),
        receipts=[line_of(each) for each in sent.rows],
        now=g.now,
    )
    return render_template("provider/side.html", page=page)


@blueprint.get("/answered")
@roles(*sorted(UNIT_ROLES))
def answered() -> str:
    """Every approach to my unit that ended: our own words, and nothing of whom it was about."""
    ground = queries.read_ground(db.session, g.actor, g.now)
    place = place_of(g.person.organisation_name, ground.units, request.args.get("unit"))
    after = read_cursor(request.args.get("after"))
    ended = queries.read_ended(db.session, g.actor, place.ids, after)
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(place.pairs), count=len(ended.rows))
    page = AnsweredPage(place=place, now=g.now, ended=ended, after=after)
    return render_template("provider/answered.html", page=page)


@blueprint.get("/escalations")
@roles(*sorted(SENDERS))
def disputes() -> str:
    """What disputes want of my side, those that go on, and those that are over."""
    after = read_cursor(request.args.get("after"))
    found = read_disputes(db.session, g.actor, rulebook(db.session), g.now, after)
    with transaction(db.session):
        note(db.session, "listed", query="", count=len(found.going) + len(found.over.rows))
    page = DisputesPage(DisputeList(found, g.actor, g.now), g.person.organisation_name or "", after)
    return render_template("provider/disputes.html", page=page, home=_home())


@blueprint.get("/sent")
@roles(*sorted(SENDERS))
def sent() -> str:
    """Proof of everything my organisation sent, newest first."""
    after = read_cursor(request.args.get("after"))
    found = receipt_queries.read_sent(db.session, g.actor, after)
    with transaction(db.session):
        note(db.session, "listed", query="", count=len(found.rows))
    page = SentPage(found, g.now, _home(), is_first=after is None)
    return render_template("provider/sent.html", page=page)


@blueprint.get("/sent/R-<int(max=9223372036854775807):receipt_id>")
@roles(*sorted(SENDERS))
def receipt(receipt_id: int) -> str:
    """One receipt: what was sent, word for word, and the code that proves it."""
    found = receipt_queries.find_sent(db.session, g.actor, receipt_id) or abort(HTTPStatus.NOT_FOUND)
    names = receipt_queries.read_names(db.session, numbers_of(found))
    with transaction(db.session):
        note(db.session, "opened", case_id=found.case_id, item_id=found.item_id)
    page = ReceiptPage(found, names, g.now, _home(), g.person.organisation_name or "")
    return render_template("provider/receipt.html", page=page)


def _home() -> tuple[str, str]:
    """The page this person begins at: its name and address."""
    if g.actor.role is Role.REFERRER:
        return "My referrals", url_for("mine.show")
    return "Home", url_for("provider.index")
