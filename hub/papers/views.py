"""Papers: each as a page, and as the same words in PDF."""

from http import HTTPStatus
from io import BytesIO
from typing import Any, NoReturn

from flask import Blueprint, abort, flash, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.reading import Reading
from hub.papers.models import Paper
from hub.papers.printing import CannotPrint, print_paper
from hub.papers.queries import any_paper, find_paper, papers_on
from hub.web import access
from hub.web.database import db
from hub.web.item_rows import item_href
from hub.web.trail import note

blueprint = Blueprint("papers", __name__, url_prefix="/papers")
NUMBER = f"<int(max={2**63 - 1}):paper_id>"


@blueprint.app_template_global("papers_of")
def papers_of(reading: Reading) -> list[Paper]:
    """The papers an item's page lists for whoever looks at it."""
    return papers_on(db.session, reading, g.actor)


@blueprint.get(f"/{NUMBER}")
@access.signed_in
def show(paper_id: int) -> ResponseReturnValue:
    """One paper as a page."""
    paper = _opened(paper_id, "page")
    return render_template("papers/show.html", paper=paper, item_href=item_href(paper.item.kind, paper.item.reference))


@blueprint.get(f"/{NUMBER}.pdf")
@access.signed_in
def download(paper_id: int) -> ResponseReturnValue:
    """One paper as a PDF file. It is made after the transaction ended, so nobody waits for it."""
    paper = _opened(paper_id, "pdf")
    try:
        made = print_paper(paper)
    except CannotPrint:
        flash("The PDF cannot be made just now. The same words are on this page: print it, or try again later.", "late")
        return redirect(url_for("papers.show", paper_id=paper.id), HTTPStatus.SEE_OTHER)
    return send_file(BytesIO(made), "application/pdf", as_attachment=True, download_name=paper.file_name, etag=False)


def _opened(paper_id: int, how: str) -> Paper:
    paper = find_paper(db.session, paper_id, g.actor)
    if paper is None:
        _refuse(paper_id, how)
    _note(paper, "opened", how)
    return paper


def _refuse(paper_id: int, how: str) -> NoReturn:
    """Answer as for a paper that is not there. When it is there, who tried is written down."""
    paper = any_paper(db.session, paper_id)
    if paper is not None:
        _note(paper, "refused", how)
    abort(HTTPStatus.NOT_FOUND)


def _note(paper: Paper, what: str, how: str) -> None:
    detail: dict[str, Any] = {"reference": paper.item.reference, "paper": paper.label, "how": how}
    with transaction(db.session):
        note(db.session, what, case_id=paper.item.case_id, item_id=paper.item_id, **detail)
