"""The whole dispute as one PDF, for everybody who sees it in full."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO

from flask import Blueprint, flash, g, redirect, send_file, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.reading import read_item
from hub.escalations.models import Escalation
from hub.escalations.papers import whole_paper
from hub.escalations.views import PAGES
from hub.papers.printing import CannotPrint, print_paper
from hub.web import access
from hub.web.actions import refuse_unseen
from hub.web.database import db
from hub.web.trail import note

blueprint = Blueprint("dispute_papers", __name__, url_prefix="/escalations")


@blueprint.get("/<reference>/whole.pdf")
@access.signed_in
def whole(reference: str) -> ResponseReturnValue:
    """The dispute as it is now, with what this reader may read. It is made after the transaction ended."""
    reading = read_item(db.session, Escalation, reference, g.actor, options=PAGES.options)
    if reading is None or reading.is_content_hidden:
        refuse_unseen(PAGES, reference)
    item = reading.item
    paper = whole_paper(db.session, reading, g.actor, g.now)
    detail = {"reference": item.reference, "paper": paper.label, "how": "pdf"}
    with transaction(db.session):
        note(db.session, "opened", case_id=item.case_id, item_id=item.id, **detail)
    try:
        made = print_paper(paper)
    except CannotPrint:
        flash("The PDF cannot be made just now. Print this page instead, or try again later.", "late")
        return redirect(url_for("escalations.show", reference=reference), HTTPStatus.SEE_OTHER)
    return send_file(BytesIO(made), "application/pdf", as_attachment=True, download_name=paper.file_name, etag=False)
