"""Sites, units and collaboratives: lists, one page each, adding, changing and ending."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.accounts.models import Membership
from hub.admin import place_queries, queries
from hub.admin.page import TYPED, Question, ask, blueprint, chosen, may_write, reads, writes
from hub.admin.place_forms import CollaborativeForm, SiteForm, UnitForm
from hub.admin.place_page import (
    NEVER,
    added,
    change_of,
    changed,
    code_of,
    crumbs,
    crumbs_of,
    goes_on,
    listed,
    show_asked,
    the_organisation,
    today,
    words_asked,
)
from hub.codes import codes, known_label
from hub.engine.admin_log import Subject
from hub.organisations.members import members_of
from hub.organisations.models import Arm, Collaborative
from hub.organisations.queries import current_organisations
from hub.organisations.services import COLLABORATIVE, SITE, UNIT
from hub.web.database import db

_SHOWN = {
    "": "Units of today",
    "without_postcode": "Without a postcode",
    "ended": "Ended",
    "all": "All, with those that ended",
}


@blueprint.route("/organisations/<reference>/sites/add", methods=["GET", "POST"])
@writes
def add_site(reference: str) -> ResponseReturnValue:
    """A new site of an organisation."""
    row = the_organisation(reference)
    organisation_id, href = row.id, url_for("admin.organisation", reference=row.ods_code)
    form = TYPED.form_of(SiteForm)
    form.leave_out("until_on")
    asked = Question("Add a site", "Add the site", href, crumbs_of(row), below=row.name)
    given = {**form.given(), "organisation_id": organisation_id}
    return ask(form, asked, lambda: added(SITE, form, given, "admin.site", "site_code"))


@blueprint.get("/sites/<reference>")
@reads
def site(reference: str) -> str:
    """One site with its units."""
    row = place_queries.find_site(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "admin/site.html",
        row=row,
        today=today(),
        history=queries.history(db.session, Subject.SITE, row.id),
        bed_type=lambda code: known_label("bed_type", code),
        may_write=may_write(),
    )


@blueprint.route("/sites/<reference>/change", methods=["GET", "POST"])
@writes
def change_site(reference: str) -> ResponseReturnValue:
    """Name, postcode and last day of a site."""
    row = place_queries.find_site(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(SiteForm, obj=row)
    form.leave_out("site_code")
    href = url_for("admin.site", reference=row.site_code)
    facts = [("Units", len([unit for unit in row.units if goes_on(unit)]))]
    asked = change_of("Change a site", row.name, href, SITE, row.id, (NEVER,), facts)
    return ask(form, asked, lambda: changed(SITE, row.id, form, form.given(), href))


@blueprint.get("/units")
@reads
def units() -> str:
    """Every unit by organisation; by words, type of bed, or what is wrong."""
    words, show = words_asked(), show_asked(_SHOWN)
    bed_type = request.args.get("bed_type", "") if request.args.get("bed_type") in codes("bed_type") else ""
    rows = place_queries.units(db.session, today(), words=words, bed_type=bed_type, show=show)
    beds = codes("bed_type")
    choices_of = {"bed_choices": chosen({"": "Any type", **beds}, bed_type), "show_choices": chosen(_SHOWN, show)}
    return listed("admin/units.html", rows, words=words, heading=_SHOWN[show], name_of=known_label, **choices_of)


@blueprint.route("/sites/<reference>/units/add", methods=["GET", "POST"])
@writes
def add_unit(reference: str) -> ResponseReturnValue:
    """A new unit of a site."""
    row = place_queries.find_site(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    site_id, href = row.id, url_for("admin.site", reference=row.site_code)
    form = TYPED.form_of(UnitForm)
    form.leave_out("until_on")
    form.offer()
    way = [*crumbs_of(row.organisation), (row.name, href)]
    asked = Question("Add a unit", "Add the unit", href, way, below=f"{row.organisation.name}, {row.name}")
    given = {**form.given(), "site_id": site_id}
    return ask(form, asked, lambda: added(UNIT, form, given, "admin.unit", "unit_code"))


@blueprint.get("/units/<reference>")
@reads
def unit(reference: str) -> str:
    """One unit: what it offers, and who works for it."""
    row = place_queries.find_unit(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "admin/unit.html",
        row=row,
        today=today(),
        members=queries.members_of(db.session, Membership.unit_id == row.id, today()),
        history=queries.history(db.session, Subject.UNIT, row.id),
        bed_type=known_label("bed_type", row.bed_type),
        may_write=may_write(),
    )


@blueprint.route("/units/<reference>/change", methods=["GET", "POST"])
@writes
def change_unit(reference: str) -> ResponseReturnValue:
    """Name, type of bed, whom it takes, and the last day of a unit."""
    row = place_queries.find_unit(db.session, code_of(reference)) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(UnitForm, obj=row)
    form.leave_out("unit_code")
    form.offer(row.bed_type)
    href = url_for("admin.unit", reference=row.unit_code)
    people = len(queries.members_of(db.session, Membership.unit_id == row.id, today()))
    facts = [("People with a role at this unit", people)]
    asked = change_of("Change a unit", row.name, href, UNIT, row.id, (NEVER,), facts)
    return ask(form, asked, lambda: changed(UNIT, row.id, form, form.given(), href))


@blueprint.get("/collaboratives")
@reads
def collaboratives() -> str:
    """Every collaborative."""
    rows = place_queries.collaboratives(db.session)
    sets = dict(place_queries.policy_sets(db.session))
    return listed("admin/collaboratives.html", rows, sets=sets, name_of=known_label)


@blueprint.route("/collaboratives/add", methods=["GET", "POST"])
@writes
def add_collaborative() -> ResponseReturnValue:
    """A new collaborative."""
    form = TYPED.form_of(CollaborativeForm)
    _offer_leads(form, None)
    way = crumbs(("Collaboratives", "admin.collaboratives"))
    asked = Question("Add a collaborative", "Add it", url_for("admin.collaboratives"), way)
    return ask(form, asked, lambda: added(COLLABORATIVE, form, form.given(), "admin.collaborative", "id"))


@blueprint.get("/collaboratives/<int(max=2147483647):reference>")
@reads
def collaborative(reference: int) -> str:
    """One collaborative with its members."""
    row = db.session.get(Collaborative, reference) or abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "admin/collaborative.html",
        row=row,
        line=known_label("service_line", row.service_line),
        policy_set=dict(place_queries.policy_sets(db.session)).get(row.policy_set, row.policy_set),
        members=members_of(db.session, row.id),
        today=today(),
        history=queries.history(db.session, Subject.COLLABORATIVE, row.id),
        may_write=may_write(),
    )


@blueprint.route("/collaboratives/<int(max=2147483647):reference>/change", methods=["GET", "POST"])
@writes
def change_collaborative(reference: int) -> ResponseReturnValue:
    """Name, service line, lead, policy set and status."""
    row = db.session.get(Collaborative, reference) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(CollaborativeForm, obj=row)
    _offer_leads(form, row)
    href = url_for("admin.collaborative", reference=row.id)
    points = ("Referrals that come in from now on go by it. Those that are open keep what they carry.", NEVER)
    asked = change_of("Change a collaborative", row.name, href, COLLABORATIVE, row.id, points)
    return ask(form, asked, lambda: changed(COLLABORATIVE, row.id, form, form.given(), href))


def _offer_leads(form: CollaborativeForm, row: Collaborative | None) -> None:
    leads = {each.id: each.name for each in current_organisations(db.session, today()) if each.arm != Arm.HUB}
    if row is not None:
        leads.setdefault(row.lead_organisation_id, row.lead_organisation.name)
    sets = place_queries.policy_sets(db.session)
    if row is not None and row.policy_set not in dict(sets):
        sets.append((row.policy_set, row.policy_set))
    form.offer(leads, sets)
