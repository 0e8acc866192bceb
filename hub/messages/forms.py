"""The form for what a person gets by e-mail: one question a kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wtforms import RadioField

from hub.messages.kinds import WAY_WORDS, WORDS, MessageKind, Way
from hub.messages.preferences import Wishes
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageDrafts, PageForm
from workflows.actor import Actor
from workflows.roles import Role

TYPED = PageDrafts("message_wishes")
PATH = "/messages/preferences"
KEEPERS = (TYPED.keeper(lambda posted: posted.path == PATH),)


class WishesForm(PageForm):
    """A radio group for each kind that the person can hear of; those that always come at once are taken out."""

    def keep_to(self, actor: Actor, always: Collection[str]) -> WishesForm:
        """The same without the kinds that nobody can change, and those that such a person never hears of."""
        for kind in MessageKind:
            if kind in always or not _concerns(kind, actor):
                del self[str(kind)]
        return self

    def ways(self) -> Mapping[MessageKind, Way]:
        """What was chosen, by kind."""
        return {kind: Way(self[str(kind)].data) for kind in MessageKind if str(kind) in self._fields}


for _kind in MessageKind:
    setattr(
        WishesForm,
        str(_kind),
        RadioField(
            WORDS[_kind].title,
            description=WORDS[_kind].about,
            choices=choices({str(way): words for way, words in WAY_WORDS.items()}),
            render_kw={"inline": True, "small": True},
        ),
    )


def _concerns(kind: MessageKind, actor: Actor) -> bool:
    if kind is MessageKind.ADMINISTRATION:
        return Role.ADMINISTRATOR in actor.roles
    return actor.is_hub or kind is not MessageKind.CALENDAR_AND_RULES


def shown(wishes: Wishes, user_id: int) -> Mapping[str, str]:
    """What the form shows when nothing was typed: what holds today."""
    return {str(kind): str(wishes.way(user_id, kind)) for kind in MessageKind}
