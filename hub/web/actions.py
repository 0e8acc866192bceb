"""The one action page: for every action of every workflow the same page, checks, refusals and way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.available import Offer, offer_of
from hub.engine.drafts import Draft
from hub.engine.models import WorkItem
from hub.engine.perform import perform
from hub.engine.reading import Reading, find_item, read_item
from hub.engine.refusal import ActionRefused, Problem
from hub.web import access, beside, drafts, files
from hub.web.action_choices import choices_for
from hub.web.action_form import ActionForm, form_for, why_not_offered
from hub.web.database import db
from hub.web.item_page import ItemPage
from hub.web.other_windows import Window, other_windows
from hub.web.person import EndedSession
from hub.web.trail import note
from workflows.core import SYSTEM, Action
from workflows.everyday import BY_NAME, action_named

Cleaned = tuple[dict[str, Any], list[Problem]]


@dataclass(frozen=True)
class Pages:
    """How one kind's items are shown: the feature's part of the one item page and the one action page."""

    model: type[WorkItem]
    endpoint: str
    """Endpoint of the item's page; takes `reference`."""
    options: Sequence[Any] = ()
    """Loader options for what the page shows besides."""
    banner: Callable[[Any], Any] | None = None
    form_of: Mapping[str, Callable[[Action, Reading], type[ActionForm]]] = field(default_factory=dict)
    """A feature's own form for an action, where the one made from its questions is not enough."""
    prefill: Mapping[str, Callable[[Reading], dict[str, Any]]] = field(default_factory=dict)
    clean: Mapping[str, Callable[[ActionForm, Any], Cleaned]] = field(default_factory=dict)
    """A feature's own reading of the answers: typed values and problems."""
    more: Callable[[Reading], dict[str, Any]] | None = None
    """What the feature's own templates show besides, on the item's page and the action page."""
    mends: Callable[[Reading], Mapping[str, str]] | None = None
    """For a sentence that says what is missing, the address of the box that mends it."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Actions with pages of their own, and the endpoint where they begin; takes `reference`."""
    by_link: frozenset[str] = frozenset()
    """Questions that a link beside what is meant answers, besides documents and units."""
    form_template: Mapping[str, str] = field(default_factory=dict)
    action_template: str = "workflow/action.html"


def action_routes(blueprint: Blueprint, pages: Pages) -> None:
    """Add `/<reference>/<action>` to a feature's blueprint, endpoint `.act`, and its draft, endpoint `.save_draft`."""

    @blueprint.route("/<reference>/<action>", methods=["GET", "POST"])
    @access.signed_in
    def act(reference: str, action: str) -> ResponseReturnValue:
        reading = read_item(db.session, pages.model, reference, g.actor, options=pages.options)
        offer = offer_named(reading, action) if reading else None
        if reading is None:
            refuse_unseen(pages, reference)
        if offer is None or not reading.is_theirs_to_work_on:
            abort(HTTPStatus.NOT_FOUND)
        if action in pages.elsewhere:
            return redirect(url_for(pages.elsewhere[action], reference=reference), HTTPStatus.SEE_OTHER)
        return _send(pages, reading, offer) if request.method == "POST" else _ask(pages, reading, offer)

    @blueprint.post("/<reference>/<action>/draft")
    @access.signed_in
    def save_draft(reference: str, action: str) -> ResponseReturnValue:
        item = find_item(db.session, pages.model, reference, g.actor)
        if item is None:
            refuse_unseen(pages, reference)
        if action_named(item.workflow, action) is None:
            abort(HTTPStatus.NOT_FOUND)
        return drafts.save(kind=pages.model.workflow.name, action=action, item_id=item.id)


def keep_typed(pages: Pages) -> Callable[[EndedSession, Any], bool]:
    """A keeper for `access.keep_what_was_typed`: a post that came after the session ended becomes a draft."""

    def keeper(ended: EndedSession, posted: Any) -> bool:
        arguments = posted.view_args or {}
        if posted.endpoint not in {f"{blueprint_of(pages)}.act", f"{blueprint_of(pages)}.save_draft"}:
            return False
        with transaction(db.session):
            item = db.session.query(pages.model).filter_by(reference=arguments["reference"]).one_or_none()
            if item is None:
                return True  # the same answer as for one that exists: a reference must not be guessed this way
            drafts.keep(
                db.session,
                user_id=ended.user_id,
                kind=pages.model.workflow.name,
                action=arguments["action"],
                fields=drafts.typed(posted),
                item_id=item.id,
                now=g.now,
            )
        return True

    return keeper


def offer_named(reading: Reading, name: str) -> Offer | None:
    """The action as this person meets it from the item's state; also one that is no longer possible, to say so."""
    item = reading.item
    found = next((offer for offer in reading.offers if offer.action.name == name), None)
    if found is not None:
        return found
    action = action_named(item.workflow, name)
    if action is None:
        return None
    return offer_of(item, action, g.actor, [line.party for line in reading.parties if line.party.until_at is None])


def _ask(pages: Pages, reading: Reading, offer: Offer) -> ResponseReturnValue:
    found = drafts.find(db.session, user_id=g.actor.user_id, item_id=reading.item.id, **_key(pages, offer))
    form = _form(pages, reading, offer, found)
    log_item(reading.item, "opened")
    return _page(pages, reading, offer, form, draft=found)


def _send(pages: Pages, reading: Reading, offer: Offer) -> ResponseReturnValue:
    item = reading.item
    form = _form(pages, reading, offer, None)
    if form.gets_another_row(request.form.get("do", "")):
        # Kept as well: whoever closes the page now, without a script, has typed nothing in vain.
        drafts.save(**_key(pages, offer), item_id=item.id)
        return _page(pages, reading, offer, form)
    form.validate()
    read = pages.clean.get(offer.action.name)
    values, problems = read(form, item) if read else (form.answers(), [])
    # Whoever may not do it must not learn by trying what the list holds.
    strange = form.not_on_the_list() if offer.is_mine and not read else []
    problems += [Problem(why_not_offered(offer.action, form, name), name) for name in strange]
    if problems or form.errors:
        return _refused(pages, reading, offer, form, ActionRefused(problems))
    act = partial(_act, pages, item, offer, form)
    try:
        if files.question(offer.action):
            files.add_each(offer.action, values, act)
        else:
            act(values)
            wording = item.workflow.wording_of(item.state)
            where = wording.where or wording.label.lower()
            flash(f"Done: {offer.action.label.lower()}. {item.reference} is {where}.", "success")
    except ActionRefused as refused:
        return _refused(pages, reading, offer, form, refused)
    return redirect(_back(pages, item, offer.action), HTTPStatus.SEE_OTHER)


def _act(pages: Pages, item: Any, offer: Offer, form: ActionForm, values: dict[str, Any]) -> None:
    """Do it in one transaction, and its draft is done with. What only adds a file cannot undo what others did."""
    reason = getattr(form, "reason", None)
    with transaction(db.session):
        perform(
            db.session,
            item,
            offer.action.name,
            g.actor,
            now=g.now,
            values=values,
            reason=reason.data if reason is not None else None,
            seen=None if files.question(offer.action) else drafts.version_of(form.seen.data) or 0,
        )
        drafts.discard(db.session, user_id=g.actor.user_id, item_id=item.id, **_key(pages, offer))


def _back(pages: Pages, item: Any, action: Action) -> str:
    """The item's page; the list of what is left, when the action ended this person's own access."""
    if action.lets_go and find_item(db.session, pages.model, item.reference, g.actor) is None:
        return url_for("worklist.list_items")
    return url_for(pages.endpoint, reference=item.reference)


def _refused(
    pages: Pages, before: Reading, offer: Offer, form: ActionForm, refused: ActionRefused
) -> ResponseReturnValue:
    """The page again with everything typed, everything wrong, and what changed meanwhile."""
    reading = read_item(db.session, pages.model, before.item.reference, g.actor, options=pages.options)
    if reading is None:
        abort(HTTPStatus.NOT_FOUND)
    form.show(refused)
    again = offer_named(reading, offer.action.name) or offer
    seen = 0 if files.question(offer.action) else drafts.version_of(form.seen.data) or 0
    changed = reading.since(seen) if seen else []
    if offer.action.name in pages.prefill and again.is_mine:
        form.take_over(line.row.values for line in reversed(changed))
    # What is sent next answers to what is now on the page.
    form.seen.data = form.seen.raw_data = None
    form.seen.data = str(reading.item.version)
    status = HTTPStatus.CONFLICT if refused.is_stale or changed else HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(pages, reading, again, form, changed=changed, status=status if again.is_mine else HTTPStatus.FORBIDDEN)


def _form(pages: Pages, reading: Reading, offer: Offer, draft: Draft | None) -> ActionForm:
    make = pages.form_of.get(offer.action.name)
    made = make(offer.action, reading) if make else form_for(offer.action, choices_for(offer.action, reading))
    if request.method == "POST":
        return made()
    # Whoever may not do it reads none of what others wrote: the page shows the words of a form that cannot be sent.
    given = pages.prefill.get(offer.action.name) if offer.is_mine else None
    chosen = _chosen_by_link(pages, offer.action, made)
    known = chosen | (given(reading) if given else {})
    form = made(formdata=drafts.as_form(draft) if draft else None, data=known)
    for name, value in chosen.items():
        form[name].process(None, value)  # the link was pressed after the draft was kept: it must not name another one
    form.seen.data = str(draft.item_version if draft and draft.item_version else reading.item.version)
    return form


def _chosen_by_link(pages: Pages, action: Action, made: type[ActionForm]) -> dict[str, str]:
    """The document, the unit or whatever else of this item that a link beside it names."""
    names = [ask.name for ask in action.questions if ask.kind in {"document", "unit"} or ask.name in pages.by_link]
    return {name: request.args[name] for name in names if name in request.args and hasattr(made, name)}


def _page(
    pages: Pages,
    reading: Reading,
    offer: Offer,
    form: ActionForm,
    *,
    draft: Draft | None = None,
    changed: Sequence[Any] = (),
    status: HTTPStatus | None = None,
) -> ResponseReturnValue:
    is_possible = offer.action.name in BY_NAME or reading.item.state in offer.action.sources
    page = render_template(
        pages.form_template.get(offer.action.name, pages.action_template),
        page=ItemPage(reading, g.actor, g.now, mends=pages.mends),
        banner=pages.banner(reading.item) if pages.banner else None,
        offer=offer,
        form=form,
        draft=draft,
        windows=_other_windows(pages, reading, offer, form),
        changed=changed,
        is_possible=is_possible,
        item_href=url_for(pages.endpoint, reference=reading.item.reference),
        draft_href=url_for(
            f"{blueprint_of(pages)}.save_draft", reference=reading.item.reference, action=offer.action.name
        ),
        **(pages.more(reading) if pages.more else {}),
    )
    if status is None:
        status = HTTPStatus.OK if offer.is_mine else HTTPStatus.FORBIDDEN
    return page, status


def _other_windows(pages: Pages, reading: Reading, offer: Offer, form: ActionForm) -> list[Window]:
    """What this person typed elsewhere; a page that is shown again with a refusal is about its own words alone."""
    if request.method == "POST":
        return []
    return other_windows(db.session, form, user_id=g.actor.user_id, item_id=reading.item.id, **_key(pages, offer))


def blueprint_of(pages: Pages) -> str:
    """The name of the feature's blueprint."""
    return pages.endpoint.partition(".")[0]


def _key(pages: Pages, offer: Offer) -> dict[str, Any]:
    return {"kind": pages.model.workflow.name, "action": offer.action.name}


def refuse_unseen(pages: Pages, reference: str) -> NoReturn:
    """Answer as for an item that is not there. When it is there, who tried is written down."""
    item = find_item(db.session, pages.model, reference, SYSTEM)
    if item is not None:
        log_item(item, "refused")
    abort(HTTPStatus.NOT_FOUND)


def log_item(item: Any, what: str) -> None:
    """Write down that somebody opened an item, or was refused."""
    with transaction(db.session):
        note(db.session, what, case_id=item.case_id, item_id=item.id, reference=item.reference)


def show_item(pages: Pages, reference: str, template: str, **more: Any) -> ResponseReturnValue:
    """The item's page, logged as opened; 404 when there is none or this person may not see it."""
    reading = read_item(db.session, pages.model, reference, g.actor, options=pages.options)
    if reading is None:
        refuse_unseen(pages, reference)
    log_item(reading.item, "opened")
    return render_template(
        template,
        page=ItemPage(reading, g.actor, g.now, mends=pages.mends),
        banner=pages.banner(reading.item) if pages.banner and reading.is_theirs_to_work_on else None,
        act_endpoint=f"{blueprint_of(pages)}.act",
        **beside.parts_of(reading),
        **(pages.more(reading) if pages.more else {}),
        **more,
    )
