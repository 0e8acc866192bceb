"""Who is acting: one person under one membership, or the hub itself."""

from dataclasses import dataclass

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
    def is_system(self) -> bool:
        """Whether this is the hub itself and no person."""
        return self.role is Role.SYSTEM


SYSTEM = Actor(user_id=None, name="The hub", role=Role.SYSTEM, is_hub=True)
