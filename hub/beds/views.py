"""The pages of beds: whose beds are free, how old each figure is, and confirming those of one's own unit."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.beds import import_views, presenters, queries
from hub.beds.csv_file import to_csv
from hub.beds.figures import Figures, figures_of, read_figures
from hub.beds.forms import BedsForm
from hub.beds.models import Source
from hub.beds.page import TYPED, Shown, blueprint, limit_words, reads, the_beds
from hub.beds.services import Confirmation, ConfirmedMeanwhile, confirm
from hub.codes import codes
from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.web import drafts
from hub.web.database import db
from hub.web.trail import note

# The page that takes a file joins the blueprint when its module is imported.
__all__ = ["KEEPERS", "blueprint", "import_views"]

UNCHANGED = "unchanged"
"""What the button "Nothing has changed" sends as `do`."""


@blueprint.get("/beds/")
@reads
def index() -> str:
    """Units with their figures, by type of bed, those to confirm first."""
    bed_type, words, only_stale = _asked()
    found = queries.list_beds(db.session, g.actor, g.now, bed_type=bed_type, words=words, only_stale=only_stale)
    rows = found[: queries.MOST_LISTED]
    return render_template(
        "beds/index.html",
        groups=presenters.in_groups(rows),
        rows=rows,
        is_cut=len(found) > len(rows),
        is_filtered=bool(words or bed_type or only_stale),
        words_asked=words,
        types=[(each, said, each == bed_type) for each, said in (("", "Any type"), *codes("bed_type").items())],
        shows=[("", "All units", not only_stale), ("stale", "Only those to confirm", only_stale)],
        may_confirm=queries.may_confirm(g.actor),
        export_href=url_for(
            "beds.export", type=bed_type or None, q=words or None, show="stale" if only_stale else None
        ),
        says=presenters,
        limit=limit_words(),
        now=g.now,
    )


@blueprint.route("/beds/<code>", methods=["GET", "POST"])
@blueprint.route("/beds/<code>/types/<bed_type>", methods=["GET", "POST"])
@reads
def unit(code: str, bed_type: str = "") -> ResponseReturnValue:
    """The beds of one unit: confirmed in one press when nothing has changed, and edited otherwise."""
    shown = the_beds(code, bed_type)
    if request.method == "POST":
        return _send(shown)
    form = TYPED.form_of(BedsForm)
    draft = TYPED.find()
    if draft is None:
        form.seen.data = str(shown.version)
        form.fill(figures_of(shown.state) if shown.state else None)
    return _page(shown, form, HTTPStatus.OK, draft=draft)


@blueprint.post("/beds/<code>/draft")
@blueprint.post("/beds/<code>/types/<bed_type>/draft")
@reads
def save_draft(code: str, bed_type: str = "") -> ResponseReturnValue:
    """What is being typed about the beds of one unit."""
    shown = the_beds(code, bed_type)
    return drafts.save(kind=TYPED.kind, action=shown.href(), item_id=None)


@blueprint.get("/beds/figures.csv")
@reads
def export() -> Response:
    """The figures of the list as a file, with the columns that the import takes."""
    bed_type, words, only_stale = _asked()
    asked = {"bed_type": bed_type, "words": words, "only_stale": only_stale}
    found = queries.list_beds(
        db.session, g.actor, g.now, bed_type=bed_type, words=words, only_stale=only_stale, most=None
    )
    with transaction(db.session):
        note(db.session, "exported", among="beds", count=len(found), asked=asked)
    content = to_csv(found)
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": 'attachment; filename="beds.csv"'})


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint == "beds.unit"),)
"""What the application asks to keep a post that came too late."""


def _asked() -> tuple[str, str, bool]:
    """What a list is narrowed to: a type of bed, words, and whether only those to confirm."""
    words = " ".join(request.args.get("q", "").replace("\0", "").split())[:100]
    bed_type = request.args.get("type", "") if request.args.get("type") in codes("bed_type") else ""
    return bed_type, words, request.args.get("show") == "stale"


def _send(shown: Shown) -> ResponseReturnValue:
    """Record what was sent, or say all that is wrong with everything still filled in."""
    if not shown.may_confirm:
        abort(HTTPStatus.FORBIDDEN)
    form = BedsForm()
    if not form.validate():
        return _page(shown, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    figures = _figures_sent(shown, form)
    if figures is None:
        return _page(shown, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    source = Source.TELEPHONE if shown.is_by_telephone else Source.PAGE
    told_by = form.told_by.data or "" if shown.is_by_telephone else ""
    said = Confirmation(shown.unit.id, shown.line.bed_type, figures, g.actor.user_id, g.now, source, told_by)
    href, name = shown.href(), shown.unit.name
    try:
        with transaction(db.session):
            confirm(db.session, said, seen=form.last_seen, now=g.now)
            TYPED.discard()
    except ConfirmedMeanwhile as late:
        return _show_meanwhile(the_beds(shown.unit.unit_code, shown.line.bed_type), form, late)
    except ActionRefused as refused:
        form.show(refused)
        return _page(shown, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(f"The beds of {name} are confirmed: {presenters.figures_words(figures)}.", "success")
    return redirect(href, HTTPStatus.SEE_OTHER)


def _figures_sent(shown: Shown, form: BedsForm) -> Figures | None:
    """The figures to record; None with every problem in the form."""
    known = shown.entry(form.last_seen)
    if request.form.get("do") != UNCHANGED:
        figures, problems = read_figures(form.typed())
        form.say(problems)
        return figures
    if known is None:
        form.form_errors.append("Nothing was confirmed here before: enter the figures, then save them")
        return None
    if not form.has_figures(request.form):
        form.fill(known)
    elif changed := presenters.changed_words(known, form.typed()):
        said = f"You changed {changed}. Press “Save these figures” when that is right"
        form.form_errors.append(said)
        return None
    return known


def _show_meanwhile(shown: Shown, form: BedsForm, late: ConfirmedMeanwhile) -> ResponseReturnValue:
    """Somebody was quicker: say who confirmed what, and keep what was typed for sending again."""
    before, state = shown.entry(form.last_seen), shown.state
    found = presenters.differences(before, figures_of(state), form.typed()) if state else []
    form.seen.data = str(shown.version)
    form.show(late)
    return _page(shown, form, HTTPStatus.CONFLICT, late=late, found=found)


def _page(shown: Shown, form: BedsForm, status: HTTPStatus, **told: object) -> ResponseReturnValue:
    if not shown.is_by_telephone:
        del form.told_by
    windows = TYPED.windows_of(form)
    answers = {"windows": windows, "says": presenters, "limit": limit_words(), "now": g.now, **told}
    return render_template("beds/unit.html", shown=shown, form=form, **answers), status
