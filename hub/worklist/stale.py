"""Opening a list by its address or a saved view, and saying what of a view a person no longer sees, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

import workflows
from hub.engine.visibility import EMERGENCY_KINDS, View, view_of
from hub.web.filters import listed, lower_first
from hub.worklist import queries
from hub.worklist.filters import GROUPS, SINGLES, Asked, Choices, Filters, read_filters
from workflows.actor import Actor
from workflows.core import upper_first
from workflows.roles import HUB_ROLES

NOT_YOURS = (
    "The saved view this address names is not one of yours: it was removed, or belongs to another team. "
    "Every open item you may see is shown"
)
NOT_WITH_MORE = "A saved view takes no other filter beside its own, so the others in this address were left out"


@dataclass(frozen=True)
class Opened:
    """A list as it was asked for: its filters, what nobody understood, the view it came from, what of that is gone."""

    filters: Filters
    notes: tuple[str, ...] = ()
    view: queries.View | None = None
    gone: tuple[str, ...] = ()
    """What the view held and does not show now, one sentence each, without a full stop."""

    @property
    def is_another(self) -> bool:
        """Whether every open item stands in the place of a saved view that is not theirs, or is gone."""
        return NOT_YOURS in self.notes

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value as they stand in the address of this list."""
        return self.filters.pairs() if self.view is None else [("view", str(self.view.id))]


def open_list(args: MultiDict[str, str], ground: queries.Ground, actor: Actor) -> Opened:
    """The list an address asks for. Nothing in it is an error."""
    wanted = args.get("view", "")
    if not wanted:
        asked = read_filters(args, ground.choices)
        return Opened(asked.filters, asked.notes)
    view = next((view for view in ground.views if str(view.id) == wanted), None)
    if view is None:
        return Opened(Filters(), (NOT_YOURS,))
    asked, gone = read_view(view, actor, ground.choices)
    notes = (NOT_WITH_MORE,) if set(args) - {"view", "after"} else ()
    return Opened(asked.filters, notes, view, gone)


def read_view(view: queries.View, actor: Actor, choices: Choices) -> tuple[Asked, tuple[str, ...]]:
    """The filters of a saved view as this person may use them now, and what of it is gone."""
    kept = parse_qsl(view.query)
    asked = read_filters(MultiDict(kept), choices)
    still = asked.filters.pairs()
    dropped = [pair for pair in kept if pair not in still]
    gone = [_why_dropped(name, view, choices) for name in dict.fromkeys(name for name, _ in dropped)]
    return asked, (*gone, *_no_longer_shown(view, asked.filters, actor))


def kept_as(filters: Filters) -> str:
    """Filters as a saved view keeps them."""
    return urlencode(filters.pairs())


def names_in(filters: Filters, choices: Choices) -> dict[str, str]:
    """The names of who and what a view filters by, for when they are gone."""
    found = {}
    if filters.owner.isdecimal():
        found["owner"] = choices.owners.get(int(filters.owner), "")
    if filters.organisation is not None:
        found["organisation"] = choices.organisations.get(filters.organisation, "")
    return found


def _why_dropped(name: str, view: queries.View, choices: Choices) -> str:
    named = view.said.get(name, "")
    whom = f"{SINGLES.get(name, '')} “{named}”" if named else SINGLES.get(name, "")
    match name, choices.is_hub:
        case "owner" | "organisation", False:
            return f"{whom}: people outside the hub have no such filter, so it is off"
        case "owner", True:
            return f"{whom} does not work in the hub any more, so this filter is off"
        case "organisation", True:
            return f"{whom} is closed, so this filter is off"
        case "needs", _:
            return "What an item waits for is said otherwise to your role, so this filter is off"
        case _:
            return (
                f"One of its filters ({lower_first(GROUPS.get(name) or whom or name)}) is not known any more: it is off"
            )


def _no_longer_shown(view: queries.View, filters: Filters, actor: Actor) -> Iterator[str]:
    """What the role it was saved in sees of these kinds, and the present one does not."""
    role = next((role for role in HUB_ROLES if role == view.role), None)
    if role is None or role is actor.role:
        return
    whose = f"It was saved by {_article(role.label)} {role.label}"
    if not actor.is_hub:
        yield f"{whose}. You see those items alone to which your organisation is a party"
        return
    then = Actor(user_id=actor.user_id, name="", role=role, is_hub=True)
    kinds = filters.kind or ((filters.state.partition(".")[0],) if filters.state else tuple(workflows.ALL))
    seen = [kind for kind in kinds if view_of(kind, then) is not View.NONE]
    lost = [kind for kind in seen if view_of(kind, actor) is View.NONE]
    thin = [
        kind for kind in seen if view_of(kind, then) is View.ALL and view_of(kind, actor) not in {View.ALL, View.NONE}
    ]
    mine = actor.role.label if actor.role else "person without a role"
    if lost:
        alone = (
            " beyond the emergencies you see while on call" if actor.is_on_call and set(lost) & EMERGENCY_KINDS else ""
        )
        yield f"{upper_first(_plurals(lost))} are not shown{alone}: {_article(mine)} {mine} does not see them. {whose}"
    if thin:
        yield f"Of {_plurals(thin)} you see where they are, and not whom they are about. {whose}"


def _plurals(kinds: list[str]) -> str:
    titles = [lower_first(workflows.ALL[kind].title) for kind in kinds]
    return listed(f"{title}{'es' if title.endswith('ch') else 's'}" for title in titles)


def _article(words: str) -> str:
    return "an" if words[0] in "aeio" else "a"
