"""Organisations: the list, one page each, adding, changing, ending, and their e-mail domains."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.accounts.administering import let_domain_in, take_domain_off
from hub.accounts.domains import domains_of
from hub.accounts.models import Membership
from hub.accounts.services import AccountRefused
from hub.admin import place_queries, queries
from hub.admin.page import TYPED, Question, ask, blueprint, chosen, may_write, reads, writes
from hub.admin.place_forms import DomainForm, OrganisationForm
from hub.admin.place_page import (
    NEVER,
    added,
    change_of,
    changed,
    crumbs,
    listed,
    show_asked,
    the_organisation,
    today,
    words_asked,
)
from hub.codes import known_label
from hub.db import transaction
from hub.engine.admin_log import Subject
from hub.organisations.models import Organisation
from hub.organisations.queries import current_organisations
from hub.organisations.services import KINDS, ORGANISATION, kind_words
from hub.web.database import db
from hub.web.nhs_forms import choices

_SHOWN = {
    "": "Organisations of today",
    "ended_with_people": "Ended, with people in them",
    "ended": "Ended",
    "all": "All, with those that ended",
}
_KINDS = {"": "Any kind", **KINDS}


@blueprint.get("/organisations")
@reads
def organisations() -> str:
    """Every organisation by name; by words, kind, or what is wrong."""
    words, show = words_asked(), show_asked(_SHOWN)
    kind = request.args.get("kind", "") if request.args.get("kind") in KINDS else ""
    rows = place_queries.organisations(db.session, today(), words=words, kind=kind, show=show)
    choices_of = {"kind_choices": chosen(_KINDS, kind), "show_choices": chosen(_SHOWN, show)}
    return listed(
        "admin/organisations.html", rows, words=words, heading=_SHOWN[show], kind_words=kind_words, **choices_of
    )


@blueprint.get("/organisations/<reference>")
@reads
def organisation(reference: str) -> str:
    """One organisation: its arms, sites and units, people, e-mail domains, and what was changed."""
    row = the_organisation(reference)
    return render_template(
        "admin/organisation.html",
        row=row,
        today=today(),
        sites=place_queries.sites_of(db.session, row.id),
        hanging=place_queries.hanging_on(db.session, row.id, today()),
        members=queries.members_of(db.session, Membership.organisation_id == row.id, today()),
        domains=domains_of(db.session, row.id),
        history=queries.history(db.session, Subject.ORGANISATION, row.id),
        bed_type=lambda code: known_label("bed_type", code),
        kind=kind_words(row.kind),
        may_write=may_write(),
        form=FlaskForm(),
    )


@blueprint.route("/add-organisation", methods=["GET", "POST"])
@writes
def add_organisation() -> ResponseReturnValue:
    """A new organisation, or an arm of a lead provider."""
    form = TYPED.form_of(OrganisationForm)
    form.leave_out("until_on")
    _offer_parents(form, None)
    way = crumbs(("Organisations", "admin.organisations"))
    asked = Question("Add an organisation", "Add the organisation", url_for("admin.organisations"), way)
    return ask(form, asked, lambda: added(ORGANISATION, form, form.values(), "admin.organisation", "ods_code"))


@blueprint.route("/organisations/<reference>/change", methods=["GET", "POST"])
@writes
def change_organisation(reference: str) -> ResponseReturnValue:
    """Name, kind, place under a lead provider, and the last day."""
    row = the_organisation(reference)
    form = TYPED.form_of(OrganisationForm, obj=row)
    form.leave_out("ods_code", "from_on")
    _offer_parents(form, row)
    hanging = place_queries.hanging_on(db.session, row.id, today())
    people = len(queries.members_of(db.session, Membership.organisation_id == row.id, today()))
    facts = [
        ("People with a role here", people),
        ("Open items it is a party to", hanging.open_items),
        ("Units", len(hanging.units)),
    ]
    points = (
        "With a last day, the roles of its people hold no longer than that day.",
        "It stays a party to what is open. Somebody has to carry that on.",
        NEVER,
    )
    href = url_for("admin.organisation", reference=row.ods_code)
    asked = change_of("Change an organisation", row.name, href, ORGANISATION, row.id, points, facts)
    return ask(form, asked, lambda: changed(ORGANISATION, row.id, form, form.values(), href))


@blueprint.route("/organisations/<reference>/domains/add", methods=["GET", "POST"])
@writes
def add_domain(reference: str) -> ResponseReturnValue:
    """Let addresses at a domain count as the organisation's."""
    row = the_organisation(reference)
    organisation_id, href = row.id, url_for("admin.organisation", reference=row.ods_code)
    form = TYPED.form_of(DomainForm)

    def do() -> tuple[str, str]:
        given = {"typed": str(form.domain.data), "has_subdomains": form.has_subdomains.data}
        made = let_domain_in(db.session, g.actor, organisation_id, **given, why=form.why.data, now=g.now)
        return f"{made.domain} is on the list", href

    points = ("Who asks for an account with such an address is shown as belonging to this organisation.",)
    return ask(form, change_of("Add an e-mail domain", row.name, href, ORGANISATION, organisation_id, points), do)


@blueprint.post("/organisations/<reference>/domains/<int(max=2147483647):domain_id>/remove")
@writes
def remove_domain(reference: str, domain_id: int) -> ResponseReturnValue:
    """Take a domain off the list; accounts that exist stay."""
    row = the_organisation(reference)
    href = url_for("admin.organisation", reference=row.ods_code)
    try:
        with transaction(db.session):
            gone = take_domain_off(db.session, g.actor, row.id, domain_id, now=g.now)
    except AccountRefused as no:
        flash(f"{no}.", "late")
    else:
        flash(f"{gone} is off the list.", "success")
    return redirect(href, HTTPStatus.SEE_OTHER)


def _offer_parents(form: OrganisationForm, row: Organisation | None) -> None:
    others = [each for each in current_organisations(db.session, today()) if row is None or each.id != row.id]
    pairs = [(str(each.id), f"{each.name} ({each.ods_code})") for each in others if each.arm is None]
    if row is not None and row.parent is not None and str(row.parent_id) not in dict(pairs):
        pairs.append((str(row.parent_id), row.parent.name))
    form.parent_id.choices = choices([("", "None"), *pairs])
    if row is not None and not form.is_submitted():
        form.arm.data, form.parent_id.data = row.arm or "", str(row.parent_id or "")
