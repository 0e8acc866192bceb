"""Who is acting: one person under one membership, or the hub itself."""

from dataclasses import dataclass
from typing import Any

from workflows.roles import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, under which membership. `user_id` is None only for the hub's own clocks and settlements."""

    user_id: int | None
    name: str
    role: Role | None = None
    membership_id: int | None = None
    organisation_id: int | None = None
    unit_id: int | None = None
    is_hub: bool = False
    is_on_call: bool = False
    on_behalf_of: int | None = None
    """The user acted for, when a deputy acts; history records both."""

    @property
    def roles(self) -> frozenset[Role]:
        """The role of the membership, plus on-call while the rota names the person."""
        held = {self.role} if self.role else set()
        if self.is_on_call:
            held.add(Role.ON_CALL)
        return frozenset(held)

    @property
    def behind_id(self) -> int | None:
        """Whose items these are: the person stood in for while a deputy acts, else the person who acts."""
        return self.user_id if self.on_behalf_of is None else self.on_behalf_of

    @property
    def hands(self) -> frozenset[int]:
        """Everybody behind what is done: who acts, and for whom. What is one's own work is the other's too."""
        return frozenset(one for one in (self.user_id, self.on_behalf_of) if one is not None)

    def did(self, item: Any, word: str) -> bool:
        """Whether what `word` marks on the item (`<word>_by_id`, `<word>_for_id`) is the work of one of these hands.

        Separation of duties asks this: neither a deputy nor whom they stand in for decides on what either of them did.
        """
        return self.who_did(item, word) is not None

    def who_did(self, item: Any, word: str) -> str | None:
        """Whose work it was, as a sentence to this person begins: "You", "Your deputy"; None for anybody else's."""
        by, whom = getattr(item, f"{word}_by_id"), getattr(item, f"{word}_for_id")
        if self.user_id is not None and by == self.user_id:
            return "You"
        if self.on_behalf_of is not None and by == self.on_behalf_of:
            return "The person you stand in for"
        if whom is None or whom not in self.hands:
            return None
        return "Your deputy" if whom == self.user_id else "A deputy of the person you stand in for"

    @property
    def is_system(self) -> bool:
        """Whether this is the hub itself and no person."""
        return self.role is Role.SYSTEM


SYSTEM = Actor(user_id=None, name="The hub", role=Role.SYSTEM, is_hub=True)
