"""The pages of a long form: its task list, one page for each section, check answers."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.engine.perform import perform
from hub.engine.reading import Reading, find_item, read_item
from hub.engine.refusal import ActionRefused
from hub.engine.visibility import View
from hub.web import access, drafts
from hub.web.action_form import ActionForm
from hub.web.actions import Pages, blueprint_of, log_item, offer_named, refuse_unseen
from hub.web.beside import parts_of
from hub.web.database import db
from hub.web.item_page import ItemPage
from hub.web.long_form import LongForm, box_of, filled_form
from hub.web.long_form_questions import kept_label, questions_of
from hub.web.other_windows import other_windows
from hub.web.person import EndedSession
from workflows.form_fields import Field, Section

Keeper = Callable[[EndedSession, Any], bool]
TO_LIST = "list"


def form_routes(blueprint: Blueprint, pages: Pages, form: LongForm) -> Keeper:
    """Add the pages of `form` to a feature's blueprint, endpoint `.show_form` first; gives the keeper of late posts."""

    @blueprint.get("/<reference>/form")
    @access.signed_in
    def show_form(reference: str) -> ResponseReturnValue:
        """The task list."""
        return _FormPages(pages, form, reference).list_sections()

    @blueprint.get("/<reference>/form/check")
    @access.signed_in
    def check_form(reference: str) -> ResponseReturnValue:
        """Every answer, and what is missing."""
        return _FormPages(pages, form, reference).check()

    @blueprint.route("/<reference>/form/<section>", methods=["GET", "POST"])
    @access.signed_in
    def fill_section(reference: str, section: str) -> ResponseReturnValue:
        """The questions of one section."""
        found = _FormPages(pages, form, reference)
        return found.save(section) if request.method == "POST" else found.ask(section)

    @blueprint.post("/<reference>/form/<section>/draft")
    @access.signed_in
    def save_section_draft(reference: str, section: str) -> ResponseReturnValue:
        """What is being typed in one section."""
        item = find_item(db.session, pages.model, reference, g.actor)
        if item is None:
            refuse_unseen(pages, reference)
        if all(each.name != section for each in form.sections):
            abort(HTTPStatus.NOT_FOUND)
        return drafts.save(kind=pages.model.workflow.name, action=_draft_name(form, section), item_id=item.id)

    def keeper(ended: EndedSession, posted: Any) -> bool:
        if posted.endpoint not in {f"{blueprint.name}.fill_section", f"{blueprint.name}.save_section_draft"}:
            return False
        section = posted.view_args["section"]
        with transaction(db.session):
            item = db.session.query(pages.model).filter_by(reference=posted.view_args["reference"]).one_or_none()
            if item is None or all(each.name != section for each in form.sections):
                return True  # the same answer as for one that exists: a reference must not be guessed this way
            drafts.keep(
                db.session,
                user_id=ended.user_id,
                kind=pages.model.workflow.name,
                action=_draft_name(form, section),
                fields=drafts.typed(posted),
                item_id=item.id,
                now=g.now,
            )
        return True

    return keeper


def mends_of(pages_endpoint: str, form: LongForm, reading: Reading) -> dict[str, str]:
    """For each sentence of what is missing, the address of the box that mends it; none for who may not answer."""
    filled = filled_form(form, reading)
    if filled is None:
        return {}
    name = pages_endpoint.partition(".")[0]
    fields = {field.name: field for field in form.fields}
    return {
        lack.sentence: url_for(
            f"{name}.fill_section",
            reference=reading.item.reference,
            section=fields[lack.field].section,
            _anchor=box_of(fields[lack.field]),
        )
        for lack in filled.missing
        if filled.can_be_given(lack.field)
    }


def _draft_name(form: LongForm, section: str) -> str:
    return f"{form.saves[0]}/{section}"


class _FormPages:
    """One item's form in one request."""

    def __init__(self, pages: Pages, form: LongForm, reference: str) -> None:
        self.pages = pages
        self.form = form
        self.reference = reference
        self._read()

    def _read(self) -> None:
        found = read_item(db.session, self.pages.model, self.reference, g.actor, options=self.pages.options)
        if found is None:
            refuse_unseen(self.pages, self.reference)
        self.reading: Reading = found
        self.filled = filled_form(self.form, found)
        if self.filled is None and found.view is not View.ALL:
            abort(HTTPStatus.NOT_FOUND)

    def list_sections(self) -> ResponseReturnValue:
        """The task list."""
        log_item(self.reading.item, "opened")
        if self.filled is None:
            return self._closed()
        return self._page("list", **self._besides())

    def check(self) -> ResponseReturnValue:
        """Every answer with its Change link, what is missing first, and the way to send it."""
        log_item(self.reading.item, "opened")
        if self.filled is None:
            return self._closed()
        fields = {field.name: field for field in self.form.fields}
        missing = [
            (lack.sentence, self._box(fields[lack.field]) if self.filled.can_be_given(lack.field) else "")
            for lack in self.filled.missing
        ]
        answers = [(section, self._answers(section)) for section in self.form.sections]
        found = (offer for offer in self.reading.offers if offer.action.name in self.form.sends and offer.is_mine)
        sending = next(found, None)
        named = {said for said, _ in missing}
        others = [said for said in sending.missing if said not in named] if sending and not missing else []
        return self._page("check", missing=missing, answers=answers, sending=sending, others=others, **self._besides())

    def _besides(self) -> dict[str, Any]:
        """Sections with words typed here that are in no form yet, and the documents of the item."""
        typed = drafts.actions_typed(db.session, g.actor.user_id, self.reading.item.id)
        unsaved = [section for section in self.form.sections if _draft_name(self.form, section.name) in typed]
        return {"unsaved": unsaved, **parts_of(self.reading)}

    def _answers(self, section: Section) -> list[tuple[str, ...]]:
        assert self.filled is not None
        return [
            (field.label, words, self._box(field)) if asked else (kept_label(field, self.filled), words)
            for field, words, asked in self.filled.answers_of(section)
        ]

    def ask(self, name: str) -> ResponseReturnValue:
        """The questions of one section, as they are saved, or as they were typed last."""
        section = self._section(name)
        log_item(self.reading.item, "opened")
        if self.filled is None:
            return self._closed()
        draft = drafts.find(db.session, **self._key(section))
        made = self.filled.make(section)
        form = made(formdata=drafts.as_form(draft) if draft else None, data=self.filled.as_typed(section))
        form.seen.data = str(draft.item_version if draft and draft.item_version else self.reading.item.version)
        return self._ask_again(section, form, draft=draft)

    def save(self, name: str) -> ResponseReturnValue:
        """Save one section and go on, or say everything that is wrong with it."""
        section, filled = self._section(name), self.filled
        if filled is None:
            return self._closed(drafts.typed(request))
        form = filled.make(section)()
        form.validate()
        values, problems = self.form.clean(form, filled.item)
        as_it_was = filled.as_it_was(form, section)
        values = {name: value for name, value in values.items() if name not in as_it_was}
        problems = [problem for problem in problems if problem.field not in as_it_was]
        try:
            if problems or form.errors:
                raise ActionRefused(problems)
            self._take_in(section, values, drafts.version_of(form.seen.data) or 0)
        except ActionRefused as refused:
            self._read()
            if not (refused.is_stale and self.filled is not None and self.filled.says(values)):
                return self._refused(section, form, refused)
            self._take_in(section, values, 0)  # the button was pressed twice, and it is on record
        flash(f"Saved: {section.title[0].lower()}{section.title[1:].rstrip('?')}.", "success")
        return redirect(self._next(section), HTTPStatus.SEE_OTHER)

    def _take_in(self, section: Section, values: dict[str, Any], seen: int) -> None:
        assert self.filled is not None
        with transaction(db.session):
            if not self.filled.says(values):
                perform(
                    db.session,
                    self.filled.item,
                    self.filled.offer.action.name,
                    g.actor,
                    now=g.now,
                    values=values,
                    seen=self.filled.version_to_answer_to(section, seen),
                )
            drafts.discard(db.session, **self._key(section))

    def _next(self, section: Section) -> str:
        name = blueprint_of(self.pages)
        if request.form.get("submit") == TO_LIST:
            return url_for(f"{name}.show_form", reference=self.reference)
        after = self.filled.section_after(section) if self.filled else None
        if after is None:
            return url_for(f"{name}.check_form", reference=self.reference)
        return url_for(f"{name}.fill_section", reference=self.reference, section=after.name)

    def _refused(self, section: Section, form: ActionForm, refused: ActionRefused) -> ResponseReturnValue:
        """The section again with everything typed, everything wrong, and what changed meanwhile. It is kept as well."""
        if self.filled is None:
            return self._closed(drafts.typed(request))
        with transaction(db.session):
            drafts.keep(db.session, **self._key(section), fields=drafts.typed(request), now=g.now)
        form.show(refused)
        seen = drafts.version_of(form.seen.data) or 0
        names = {field.name for field in self.filled.fields_of(section)}
        changed = [line for line in self.reading.since(seen) if names & line.row.values.keys()] if seen else []
        form.take_over(line.row.values for line in reversed(changed))
        # What is sent next answers to what is now on the page.
        form.seen.data = form.seen.raw_data = None
        form.seen.data = str(self.reading.item.version)
        status = HTTPStatus.CONFLICT if refused.is_stale or changed else HTTPStatus.UNPROCESSABLE_ENTITY
        return self._ask_again(section, form, changed=changed), status

    def _ask_again(
        self, section: Section, form: ActionForm, *, draft: Draft | None = None, changed: Sequence[Any] = ()
    ) -> str:
        windows = [] if request.method == "POST" else other_windows(db.session, form, **self._key(section))
        number = self.form.sections.index(section) + 1
        return self._page(
            "section",
            section=section,
            number=number,
            form=form,
            questions=questions_of(self.filled, section, form) if self.filled else [],
            draft=draft,
            windows=windows,
            changed=changed,
            draft_href=url_for(
                f"{blueprint_of(self.pages)}.save_section_draft", reference=self.reference, section=section.name
            ),
        )

    def _closed(self, typed: dict[str, list[str]] | None = None) -> ResponseReturnValue:
        """Why the form cannot be filled in now; what was typed is shown, to be copied."""
        offers = [found for name in self.form.saves if (found := offer_named(self.reading, name))]
        offer = next((each for each in offers if each.is_mine), offers[0])
        words = list(self.form.words_typed(drafts.words_in(typed or {})))
        status = HTTPStatus.CONFLICT if typed else HTTPStatus.OK
        page = self._page("closed", offer=offer, typed=words)
        return page, status if offer.is_mine else HTTPStatus.FORBIDDEN

    def _section(self, name: str) -> Section:
        found = next((section for section in self.form.sections if section.name == name), None)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        return found

    def _key(self, section: Section) -> dict[str, Any]:
        return {
            "user_id": g.actor.user_id,
            "kind": self.pages.model.workflow.name,
            "action": _draft_name(self.form, section.name),
            "item_id": self.reading.item.id,
        }

    def _box(self, field: Field) -> str:
        return url_for(
            f"{blueprint_of(self.pages)}.fill_section",
            reference=self.reference,
            section=field.section,
            _anchor=box_of(field),
        )

    def _page(self, template: str, **more: Any) -> str:
        return render_template(
            f"long_form/{template}.html",
            page=ItemPage(self.reading, g.actor, g.now),
            banner=self.pages.banner(self.reading.item) if self.pages.banner else None,
            long_form=self.form,
            filled=self.filled,
            item_href=url_for(self.pages.endpoint, reference=self.reference),
            endpoint=blueprint_of(self.pages),
            **more,
        )
