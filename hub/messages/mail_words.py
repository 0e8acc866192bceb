"""What each e-mail says: never the name of a patient, a clinical word, or words that a stranger typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import select

from hub.accounts.asking import REFUSALS
from hub.accounts.models import Membership, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.request_models import AccountRequest
from hub.engine.outbox import DIGEST, TOLD
from hub.messages.mail import Mail
from hub.messages.told_mail import write_told
from hub.messages.writing import Writing

_NOT_YOU: Final = "If you did not ask for this, do nothing: nothing changes, and nobody else has this link."


def compose(kind: str, writing: Writing) -> Mail | None:
    """The e-mail of one outbox row; None when there is nothing to say any more. LookupError for an unknown kind."""
    return KINDS[kind](writing)


def _password(writing: Writing) -> Mail | None:
    link = writing.link()
    if link is None:
        return None
    return writing.mail(
        link.to,
        "choose a new password",
        f"Somebody asked for a new password for your account of the {writing.service}. Choose it with this link:",
        link.until,
        _NOT_YOU,
        link=("Choose a new password", link.address),
    )


def _invitation(writing: Writing) -> Mail | None:
    link = writing.link()
    if link is None:
        return None
    return writing.mail(
        link.to,
        "your invitation",
        f"You have been given an account of the {writing.service}. Choose your password with this link:",
        link.until,
        "After that you sign in with this e-mail address and your password.",
        "If you do not know why you were invited, do nothing.",
        link=("Choose your password", link.address),
    )


def _confirm_address(writing: Writing) -> Mail | None:
    link = writing.link()
    if link is None:
        return None
    return writing.mail(
        link.to,
        "confirm your e-mail address",
        f"Somebody asked for an account of the {writing.service} with this e-mail address. "
        "Look at the request and send it with this link:",
        link.until,
        "The hub reads the request after that, and you hear by e-mail what was decided.",
        _NOT_YOU,
        link=("Confirm your address", link.address),
    )


def _password_changed(writing: Writing) -> Mail | None:
    account = writing.session.get(UserAccount, writing.payload["user_id"])
    if account is None:
        return None
    return writing.mail(
        account.email,
        "your password was changed",
        f"The password of your account of the {writing.service} was changed, and every browser was signed out.",
        "If it was not you, ask for a new password at once and tell an administrator of the hub.",
        link=("Ask for a new password", writing.page("/account/forgotten")),
    )


def _role_given(writing: Writing) -> Mail | None:
    row = writing.session.execute(
        select(UserAccount.email, Membership.role, organisation.c.name)
        .join(Membership, Membership.user_id == UserAccount.id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(Membership.id == writing.payload["membership_id"])
    ).one_or_none()
    if row is None:
        return None
    return writing.mail(
        row.email,
        "you have a new role",
        f"You are now a {row.role.label} of {row.name}. You have an account already: sign in as always.",
        "If you have forgotten your password, the sign-in page helps you.",
        link=("Sign in", writing.page("/sign-in")),
    )


def _request_refused(writing: Writing) -> Mail | None:
    request = writing.session.get(AccountRequest, writing.payload["request_id"])
    if request is None or request.refusal is None:
        return None
    return writing.mail(
        request.email,
        "your request for an account",
        f"You asked for an account of the {writing.service}. The hub did not approve it.",
        REFUSALS[request.refusal],
    )


KINDS: Final[Mapping[str, Callable[[Writing], Mail | None]]] = {
    "password": _password,
    "invitation": _invitation,
    "confirm_address": _confirm_address,
    "password_changed": _password_changed,
    "role_given": _role_given,
    "request_refused": _request_refused,
    TOLD: write_told,
    DIGEST: write_told,
}
"""By kind: what stands behind "mail." in an outbox row's topic."""
