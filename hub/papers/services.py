"""Keeping a paper: written in the transaction of the action that made it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.chain import canonical
from hub.engine.statements import insert, raw_connection
from hub.engine.topics import Happened
from hub.organisations.models import Arm, Collaborative, Organisation
from hub.papers.content import FINGERPRINTED, Block, fingerprint, heading
from hub.papers.models import ForWhom, PaperKind

COLUMNS = (*FINGERPRINTED, "content", "sha256")
HUB = "Commissioning hub"
"""Whose paper it is, where no organisation is the hub yet."""


def keep(
    happened: Happened, kind: PaperKind, title: str, blocks: Sequence[Block], for_whom: ForWhom = ForWhom.WHOLE
) -> None:
    """Freeze what the feature says at this history row. `title` is the paper's first heading; the caller commits."""
    item, session = happened.item, happened.session
    row = {
        "item_id": item.id,
        "position": happened.position,
        "kind": str(kind),
        "title": title,
        "for_whom": str(for_whom),
        "made_at": happened.at,
    }
    # Written out once, for the fingerprint and for the database: an import makes thousands of them.
    content = canonical(
        {
            "author": hub_name(session, item.collaborative_id),
            "reference": item.reference,
            "blocks": [heading(title, 1), *blocks],
        }
    )
    values = {**row, "content": content, "sha256": fingerprint(row, content)}
    raw_connection(session).execute(insert("paper", COLUMNS), values, prepare=True)


def hub_name(session: Session, collaborative_id: int | None) -> str:
    """The hub's name as its papers bear it: the hub arm of the collaborative's lead provider, else the hub there is."""
    known: dict[int | None, str] = session.info.setdefault("papers.hub", {})
    if collaborative_id not in known:
        # An import writes thousands of papers in one session, and they are all the same hub's.
        known[collaborative_id] = _hub_name(session, collaborative_id)
    return known[collaborative_id]


def _hub_name(session: Session, collaborative_id: int | None) -> str:
    lead = select(Collaborative.lead_organisation_id).where(Collaborative.id == collaborative_id).scalar_subquery()
    found = session.scalars(
        select(Organisation.name)
        .where(Organisation.arm == Arm.HUB)
        .order_by(Organisation.parent_id.is_distinct_from(lead), Organisation.id)
        .limit(1)
    )
    return found.first() or HUB


def place_names(session: Session, codes: Sequence[str | None]) -> dict[str, str]:
    """ODS code to name, of those that are known.

    By code and not by the item's relations: those may have been read before the action changed the code.
    """
    known: dict[str, str] = session.info.setdefault("papers.places", {})
    missing = {code for code in codes if code} - known.keys()
    if missing:
        found = select(Organisation.ods_code, Organisation.name).where(Organisation.ods_code.in_(missing))
        known.update(session.execute(found).all())
    return {code: known[code] for code in codes if code in known}
