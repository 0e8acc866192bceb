"""What a proposal's page shows besides: the two records, what was done, what would stay if they are taken apart."""

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.reading import Reading
from hub.merges.preview import Comparison, compare, references_of, what_was_done
from hub.merges.since import what_stays
from hub.web.trail import note
from workflows.merge import State


class MergePage:
    """The proposal as one person sees it; nothing of either record to one who sees history alone."""

    def __init__(self, session: Session, reading: Reading) -> None:
        self.session, self.item = session, reading.item
        self.is_closed_to = reading.is_content_hidden

    @cached_property
    def comparison(self) -> Comparison | None:
        """The two records, while somebody has to decide about them. Reading it is logged on both."""
        if self.is_closed_to or self.item.state != State.PROPOSED:
            return None
        taken = {part["field"] for part in self.item.taken or ()}
        found = compare(self.session, self.item.standing, self.item.other, taken)
        self._log(found.case_ids)
        return found

    @cached_property
    def done(self) -> list[str]:
        """What agreeing did; empty before."""
        if self.is_closed_to or self.item.done is None:
            return []
        self._log((self.item.standing_case_id, self.item.other_case_id))
        return what_was_done(self.item, references_of(self.session, self.item), self.item.standing)

    @cached_property
    def stays(self) -> list[str]:
        """What stays, or stayed, with the record that stands when they are taken apart."""
        if self.is_closed_to or self.item.done is None:
            return []
        if self.item.undone is not None:
            return list(self.item.undone["stayed"])
        return what_stays(self.session, self.item)

    def _log(self, case_ids: Sequence[int | None]) -> None:
        """The item's own case is logged with the item; these are the others it shows."""
        with transaction(self.session):
            for case_id in dict.fromkeys(case_ids):
                if case_id not in {None, self.item.case_id}:
                    note(
                        self.session,
                        "opened",
                        case_id=case_id,
                        item_id=self.item.id,
                        reference=self.item.reference,
                    )
