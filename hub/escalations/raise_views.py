"""Raising a dispute: by itself, or from a refusal or a stay with its facts carried over."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Request, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.engine.models import WorkItem
from hub.engine.reading import Reading
from hub.engine.refusal import ActionRefused
from hub.escalations.models import Escalation
from hub.escalations.raise_form import RaiseForm, side_fields
from hub.escalations.raise_from import Source, can_be_disputed, find_source
from hub.escalations.raise_once import AlreadyRaised, raise_once, says_the_same
from hub.escalations.raise_page import RaisePage
from hub.escalations.raise_queries import raised_before
from hub.escalations.raising import Raised
from hub.web import access, beside, drafts
from hub.web.actions import Pages, log_item, refuse_unseen
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from hub.web.person import EndedSession
from workflows.escalation.who import RAISERS
from workflows.roles import Role

blueprint = Blueprint("raise_dispute", __name__, url_prefix="/escalations")
WHO: Final = tuple(may.role for may in RAISERS if isinstance(may.role, Role))
ANY_ITEM: Final = Pages(model=WorkItem, endpoint="raise_dispute.new")
LONGEST_REFERENCE: Final = 20


@blueprint.route("/new", methods=["GET", "POST"])
@access.roles(*WHO)
def new() -> ResponseReturnValue:
    """A new dispute on one page; `?from=` names the item it is about."""
    page = RaisePage(db.session, g.actor, g.now, _source())
    if request.method == "POST":
        return _send(page)
    found = _unsent()
    form = _form(page, found)
    if page.source is not None:
        log_item(page.source.item, "opened")
    form.show_points()
    return _shown(page, form, draft=found)


@blueprint.post("/new/draft")
@access.roles(*WHO)
def save_new_draft() -> ResponseReturnValue:
    """What is being typed on the page."""
    return _typed().save()


def init_app(app: Flask) -> None:
    """Tell every item's page where a dispute about it is raised."""
    beside.show_beside(app, raise_beside)


def raise_beside(reading: Reading) -> dict[str, Any]:
    """On an item's page: where a dispute is raised from it; nothing for who may not, or while nothing was refused."""
    if not can_be_disputed(reading, g.actor):
        return {}
    named: dict[str, Any] = {"from": reading.item.reference}
    return {"raise_href": url_for("raise_dispute.new", **named)}


def _send(page: RaisePage) -> ResponseReturnValue:
    form = _form(page)
    if request.form.get("do") == "show":
        form.show_points()
        return _shown(page, form)
    is_valid, is_new = form.validate(), form.show_points()
    if not is_valid:
        return _shown(page, form), HTTPStatus.UNPROCESSABLE_ENTITY
    if is_new:
        return _shown(page, form, has_to_read=True)
    said = form.said()
    try:
        made = _raise(page, said)
    except AlreadyRaised:
        return _sent_twice(page, form, said)
    except ActionRefused as refused:
        form.show(refused)
        return _shown(page, form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"{made.reference} is raised. Every side is told.", "success")
    return redirect(url_for("escalations.show", reference=made.reference), HTTPStatus.SEE_OTHER)


def _raise(page: RaisePage, said: Raised) -> Escalation:
    about = page.source.item if page.source is not None else None
    with transaction(db.session):
        made = raise_once(db.session, g.actor, said, now=g.now, page=_this_page(), about=about)
        _typed().discard()
    return made


def _sent_twice(page: RaisePage, form: RaiseForm, said: Raised) -> ResponseReturnValue:
    """The dispute this very page raised before, when it says the same; else it can be sent once more."""
    earlier = raised_before(db.session, g.actor, _this_page())
    if earlier is not None and says_the_same(earlier, said):
        return redirect(url_for("escalations.show", reference=earlier.reference), HTTPStatus.SEE_OTHER)
    raised = earlier.reference if earlier is not None else "Another escalation"
    form.form_errors.append(f"{raised} was raised from this page before. To raise one more, look it over and send it")
    form.page.data = form.page.raw_data = None
    form.page.data = drafts.new_page()
    return _shown(page, form), HTTPStatus.CONFLICT


def _source() -> Source | None:
    """The item the address names; 404, and logged, for one this person may not see or cannot dispute."""
    reference = _reference(request)
    if not reference:
        return None
    found = find_source(db.session, reference, g.actor)
    if found is None:
        refuse_unseen(ANY_ITEM, reference)
    return found


def _form(page: RaisePage, draft: Draft | None = None) -> RaiseForm:
    points = [point for group in page.flash_points for point in group.points]
    given: dict[str, Any] = {"formdata": drafts.as_form(draft)} if draft else {}
    if request.method != "POST":
        given["data"] = _carried_over(page)
    form = RaiseForm(places=page.places, points=points, hints=page.urgency_hints, **given)
    if page.source is None or not page.source.is_about_a_person:
        del form["safety_plan"]
    return form


def _carried_over(page: RaisePage) -> dict[str, str]:
    """What the item gives: the kind, the sides and the facts."""
    source, ids = page.source, page.side_ids
    proposed = ids if page.places.chooses_all else ids[1:]
    sides = dict(zip(side_fields(page.places.chooses_all), map(str, proposed), strict=False))
    known = {"dispute_kind": source.kind, "facts": "\n".join(source.facts)} if source is not None else {}
    return {**sides, **known}


def _shown(page: RaisePage, form: RaiseForm, draft: Draft | None = None, *, has_to_read: bool = False) -> str:
    reference = _reference(request)
    named: dict[str, Any] = {"from": reference} if reference else {}
    return render_template(
        "escalations/new.html",
        page=page,
        form=form,
        draft=draft,
        windows=_typed().windows_of(form),
        has_to_read=has_to_read,
        draft_href=url_for("raise_dispute.save_new_draft", **named),
    )


def _reference(posted: Request) -> str:
    return posted.args.get("from", "")[:LONGEST_REFERENCE].strip().upper().replace("\0", "")


def _typed() -> PageDrafts:
    return _typed_at(_reference(request))


def _typed_at(reference: str) -> PageDrafts:
    """Drafts of the page, those from one item apart from those of another."""
    return PageDrafts(Escalation.workflow.name, f"new {reference}".strip())


def _unsent() -> Draft | None:
    """What was typed on such a page that has raised no dispute yet."""
    found = _typed().find()
    return None if found is not None and raised_before(db.session, g.actor, found.page) else found


def _this_page() -> str:
    return drafts.page_of(drafts.typed(request))


def _keep_new(ended: EndedSession, posted: Request) -> bool:
    is_one = _typed_at(_reference(posted)).keeper(
        lambda asked: asked.endpoint in {"raise_dispute.new", "raise_dispute.save_new_draft"}
    )
    return is_one(ended, posted)


KEEPERS = (_keep_new,)
"""What the application asks to keep a post that came too late."""
