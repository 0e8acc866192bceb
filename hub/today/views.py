"""The page a person arrives at."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.accounts.request_queries import count_waiting
from hub.db import transaction
from hub.messages.queries import read_inbox
from hub.today import queries
from hub.today.beds import bed_parts
from hub.today.lists import plan_for
from hub.today.presenters import TodayPage
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("today", __name__)
HOMES = {
    Role.REFERRER: "mine.show",
    **dict.fromkeys(
        (
            Role.UNIT_MANAGER,
            Role.UNIT_CLINICIAN,
            Role.PROVIDER_QUALITY_LEAD,
            Role.FUNDER,
            Role.OUTSIDE_MEMBER,
            Role.ACCESS_ASSESSOR,
        ),
        "provider.index",
    ),
}
"""Roles that arrive at another page."""


@blueprint.get("/")
@signed_in
def show() -> ResponseReturnValue:
    """What is late and due next, what arrived and what is waited for, as far as this person may see it.

    A referrer's day is their own referrals; everybody else outside the hub has the home of their side, with this.
    """
    if g.actor.role in HOMES:
        return redirect(url_for(HOMES[g.actor.role]))
    book, shifts = queries.read_ground(db.session, g.actor, g.now)
    plan = plan_for(g.actor, request.args.get("whose", ""), book.calendar(None, g.now), g.now)
    beds = bed_parts(book.policy(None, g.now), g.now) if g.actor.is_hub else []
    numbers = queries.read_numbers(db.session, g.actor, plan.lists, g.now, beds)
    lines = queries.read_lines(db.session, g.actor, plan.tables, g.now)
    messages = read_inbox(db.session, g.actor.user_id).rows
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(plan.base.pairs()), count=numbers["all"].count)
    page = TodayPage(
        actor=g.actor,
        now=g.now,
        plan=plan,
        book=book,
        numbers=numbers,
        lines=lines,
        shifts=shifts,
        messages=messages,
    )
    waiting = count_waiting(db.session, g.actor)
    return render_template("today/show.html", page=page, requests_waiting=waiting)
