"""What is stored, in words: values, and who a history row says acted, for pages that show them."""

from datetime import date, datetime
from typing import Any

from hub.codes import UnknownCodeList, label
from hub.engine.visibility import View, is_alone
from hub.web.filters import day, moment, nhs_number, yes_no
from workflows.core import Actor
from workflows.roles import HUB_ROLES, Role


def shown(value: Any, *, codes: str = "", kind: str = "") -> str:
    """One stored value in words: a code by its label, dates and moments as they are read, yes and no."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, list):
        return ", ".join(shown(part, codes=codes, kind=kind) for part in value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if codes:
        try:
            return label(codes, str(value))
        except (LookupError, UnknownCodeList):
            return str(value)
    text = str(value)
    if kind == "nhs_number":
        return nhs_number(text)
    try:
        if kind == "date":
            return day(date.fromisoformat(text))
        if kind == "moment" or (len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T"):
            return moment(datetime.fromisoformat(text))
    except ValueError:
        return text
    return text


def may_name(view: View, row: Any, actor: Actor) -> bool:
    """Whether a history row is shown with its name: who reads the outcome alone is told their own doings by name."""
    return view is not View.OUTCOME or row.actor_id in {None, *actor.hands}


def side_of(roles: str | None) -> str:
    """On whose side somebody acted, for who may not read their name."""
    acted = {Role(name) for name in (roles or "").split(", ") if name}
    return "The hub" if acted & {*HUB_ROLES, Role.ON_CALL, Role.SYSTEM} else "Another organisation"


def roles_words(roles: str | None) -> str:
    """The roles of a history row in words; none for the hub itself."""
    return ", ".join(Role(name).label for name in (roles or "").split(", ") if name and name != Role.SYSTEM)


def as_whom(roles: str | None, behalf: str | None) -> str:
    """As what somebody acted, and for whom they stood in: "head of commissioning, on behalf of Ruth Calloway"."""
    said = roles_words(roles)
    return ", ".join(part for part in (said, f"on behalf of {behalf}" if behalf else "") if part)


def audience_words(audience: str) -> str:
    """Who may read a history row, where not everybody may."""
    if is_alone(audience):
        return "Only its own organisation can read this"
    return {"all": "", "hub": "Only the hub can read this"}.get(audience, "Only its own organisation and the hub")
