"""Which papers there are, and which of them an actor may read: nothing unless a rule here says so."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session, joinedload, load_only

from hub.cases.queries import restricts_sharing
from hub.engine.authority import is_party
from hub.engine.models import ItemParty, WorkItem
from hub.engine.reading import Reading
from hub.engine.visibility import View, view_of_item, visible
from hub.papers.models import ForWhom, Paper, PaperKind
from workflows.actor import Actor
from workflows.roles import Capacity

SHOWS_FORM_1 = "admission"
"""The one kind whose page shows the Form 1 it was opened from; a task about a referral does not."""
SAY_WHO = (PaperKind.PACK, PaperKind.DISPUTE)
"""Papers for others than who referred the person, that say who it is."""
LISTED = (Paper.id, Paper.item_id, Paper.kind, Paper.made_at, Paper.for_whom)
"""What a list of papers shows: the content stays where it is until one is opened."""


def reads(paper: Paper, view: View, held: Iterable[str]) -> bool:
    """Whether a paper of an item may be read by whoever sees that much of it and holds these capacities on it.

    Whoever is asked to assess reads both forms on the item's page, and so here. Whoever looks after the money or the
    access trail reads no paper: each has words about a person.
    """
    if view is View.ALL:
        return True
    if view is not View.OUTCOME:
        return False
    return paper.for_whom == ForWhom.OUTCOME or Capacity.ASSESSOR in held


def find_paper(session: Session, paper_id: int, actor: Actor) -> Paper | None:
    """The paper with its item, or None when there is none or this actor may not read it.

    Form 1 is read through the referral, or through an admission decision that was opened from it.
    """
    paper = any_paper(session, paper_id)
    if paper is None or not session.scalar(select(may_be_told(actor)).where(Paper.id == paper_id)):
        return None
    through = WorkItem.id == paper.item_id
    if paper.kind == PaperKind.FORM_1:
        through = or_(through, and_(WorkItem.parent_id == paper.item_id, WorkItem.kind == SHOWS_FORM_1))
    items: Sequence[Any] = session.scalars(visible(WorkItem, actor).where(through).order_by(WorkItem.id)).all()
    return paper if any(reads(paper, *_sight(session, item, actor)) for item in items) else None


def may_be_told(actor: Actor) -> ColumnElement[bool]:
    """The condition on `paper` that its words may reach this actor, whatever they see of its item.

    A pack, and a dispute, say who the person is, unless sharing was restricted when it was made: that one has a note
    under its title. Where it was restricted since, a party is told by the hub and no longer by the paper.
    """
    if actor.is_hub:
        return true()
    is_restricted = exists().where(WorkItem.id == Paper.item_id, restricts_sharing(WorkItem.case_id))
    names_nobody = Paper.content["blocks"][1]["kind"].astext == "note"
    return or_(Paper.kind.not_in(SAY_WHO), names_nobody, ~is_restricted)


def any_paper(session: Session, paper_id: int) -> Paper | None:
    """The paper with its item, whoever asks."""
    return session.scalars(select(Paper).where(Paper.id == paper_id).options(joinedload(Paper.item))).one_or_none()


def _sight(session: Session, item: Any, actor: Actor) -> tuple[View, set[str]]:
    live = session.scalars(select(ItemParty).where(ItemParty.item_id == item.id, ItemParty.until_at.is_(None))).all()
    return view_of_item(item, actor, live), capacities_held(actor, live)


def capacities_held(actor: Actor, parties: Iterable[ItemParty]) -> set[str]:
    """What this person, or their organisation, is to an item whose live parties these are."""
    return {capacity for party in parties if is_party(actor, party) for capacity in party.capacities}


def papers_on(session: Session, reading: Reading, actor: Actor) -> list[Paper]:
    """The papers that an item's page lists for this actor, newest first: its own, and the Form 1 it was opened from.

    One statement, and none for whoever reads no paper.
    """
    if reading.view not in {View.ALL, View.OUTCOME}:
        return []
    item = reading.item
    live = [line.party for line in reading.parties if line.party.until_at is None]
    held = capacities_held(actor, live)
    own = Paper.item_id == item.id
    opened_from = (Paper.item_id == item.parent_id) & (Paper.kind == PaperKind.FORM_1)
    rows = session.scalars(
        select(Paper)
        .where(or_(own, opened_from) if item.kind == SHOWS_FORM_1 else own, may_be_told(actor))
        .options(load_only(*LISTED))
        .order_by(Paper.id.desc())
    )
    return [paper for paper in rows if reads(paper, reading.view, held)]
