"""Authority to decide: the scheme of delegation as a guard that any workflow can use.

The scheme is policy: for each kind of decision the limit of each role, who decides what is contested, and the outside
alternate. The next role up is the one with the next higher limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.core import Condition, upper_first
from workflows.policy import PolicySet
from workflows.roles import Role


@dataclass(frozen=True, slots=True)
class Scheme:
    """Who may take one kind of decision.

    The item has `policy`, `estimated_cost_pence` (None when it cannot be worked out), `why_contested` (sentences, none
    when it is not), and who recommended it: `recommended_by_id`, `recommended_for_id`, `recommended_role`.
    """

    limits: str
    """Policy key of the limits: pence by role."""
    contested: str
    """Policy key of the roles that decide what is contested, whatever it costs."""
    alternate: str
    """Policy key of the outside role that stands in when nobody inside may."""

    def ladder(self, policy: PolicySet) -> tuple[tuple[Role, int], ...]:
        """(role, limit in pence), the lowest limit first: each next one is the next role up."""
        limits = policy.value(self.limits)
        assert isinstance(limits, Mapping)
        steps = ((Role(name), int(str(pence))) for name, pence in limits.items())
        return tuple(sorted(steps, key=lambda step: step[1]))

    def holders(self, item: Any) -> tuple[Role, ...]:
        """The roles inside that may take this decision, the lowest first; empty when it is above every limit."""
        cost, policy = item.estimated_cost_pence, item.policy
        if cost is None:
            return ()
        able = tuple(role for role, limit in self.ladder(policy) if cost <= limit)
        if not item.why_contested:
            return able
        senior = policy.value(self.contested)
        return tuple(role for role in able if role in senior)

    def outside(self, policy: PolicySet) -> Role:
        """The outside alternate."""
        return Role(str(policy.value(self.alternate)))

    def may(self, role: Role) -> Condition:
        """The condition of a `May` of this role: None, or why its authority is not enough and whose is."""

        def has_the_authority(item: Any, _actor: Any) -> str | None:
            """Within their limit; what is contested, only roles that policy names"""
            return self.why_not(item, role)

        return has_the_authority

    def why_not(self, item: Any, role: Role) -> str | None:
        """Why `role` may not take this decision, and who may; None when it may."""
        cost, policy = item.estimated_cost_pence, item.policy
        if cost is None:
            return "The cost cannot be estimated: recommend a bed type that has a price, and a length"
        holders = self.holders(item)
        if role in holders or role is self.outside(policy):
            return None
        up = f"this is for {in_words_or(holders or (self.outside(policy),))}"
        limit = dict(self.ladder(policy)).get(role)
        if limit is not None and cost > limit:
            return (
                f"The estimated cost is {pounds(cost)} and {with_article(role)} decides up to {pounds(limit)}, so {up}"
            )
        return f"It is contested ({'; '.join(item.why_contested)}), so {up}" if item.why_contested else upper_first(up)

    def why_not_own(self, item: Any, actor: Any) -> str | None:
        """Separation of duties: why this person may not decide what they recommended; None when they may.

        Within the recommender's own limit and not contested, one person may do both.
        """
        who = actor.who_did(item, "recommended")
        if who is None:
            return None
        others = f"another person decides: {in_words_or(self.holders(item) or (self.outside(item.policy),))}"
        if item.why_contested:
            return f"{who} recommended it, and it is contested ({'; '.join(item.why_contested)}), so {others}"
        limit = dict(self.ladder(item.policy)).get(Role(item.recommended_role), 0)
        whose = "your own" if who == "You" else "the recommender’s"
        cost = item.estimated_cost_pence
        if cost is None or cost > limit:
            return f"{who} recommended it, and it is over {whose} limit of {pounds(limit)}, so {others}"
        return None


def in_words_or(roles: tuple[Role, ...]) -> str:
    """ "a head of commissioning or a director"."""
    return " or ".join(with_article(role) for role in roles)


def with_article(role: Role) -> str:
    """ "a case manager", "an outside member"; "unit manager" is spoken with a consonant, so u is not among them."""
    return f"{'an' if role.label[0] in 'aeio' else 'a'} {role.label}"


def pounds(pence: int) -> str:
    """ "£21,184" or "£21,184.50" from whole pence."""
    whole, rest = divmod(pence, 100)
    return f"£{whole:,}.{rest:02d}" if rest else f"£{whole:,}"
