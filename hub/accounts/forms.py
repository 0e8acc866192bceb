"""Forms of the sign-in and account pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField
from wtforms.validators import InputRequired

from hub.accounts.absences import StandIn
from hub.accounts.queries import HeldRole
from hub.web.filters import moment
from hub.web.nhs_forms import choices

_IN_ABSENCE = " in absence "
_EMAIL = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}


class SignInForm(FlaskForm):
    """E-mail and password. Says nothing about which of the two was wrong."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address")], render_kw=_EMAIL)
    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class RoleForm(FlaskForm):
    """Which of several memberships to act in; the choices are the person's own, and those of whom they stand in for."""

    membership = RadioField("Which role are you using now?", [InputRequired("Choose a role")])
    next = HiddenField()

    def offer(self, held: Sequence[HeldRole], standing: Sequence[StandIn]) -> None:
        """The roles to choose from: one's own as "12", that of somebody away as "12 in absence 3"."""
        own = [(str(role.membership_id), role.words, role.place) for role in held]
        others = [
            (f"{role.membership_id}{_IN_ABSENCE}{role.absence_id}", role.words, f"{role.place}, {_until(role)}")
            for role in standing
        ]
        self.membership.choices = choices((value, words) for value, words, _ in (*own, *others))
        hints = {value: hint for value, _, hint in (*own, *others)}
        self.membership.render_kw = {"hints": hints, "small": False}

    def chosen(self) -> tuple[int, int | None]:
        """The membership, and the absence while somebody is stood in for; once the form is valid."""
        membership, _, absence = str(self.membership.data).partition(_IN_ABSENCE)
        return int(membership), int(absence) if absence else None


class PasswordForm(FlaskForm):
    """A new password, with the old one to show that it is the person's own doing."""

    current_password = PasswordField(
        "Your password now",
        [InputRequired("Enter the password you use now")],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        "New password", [InputRequired("Enter a new password")], render_kw={"autocomplete": "new-password"}
    )


def _until(role: StandIn) -> str:
    return f"until {moment(role.until_at)} or until they end it"
