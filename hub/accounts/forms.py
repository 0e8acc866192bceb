"""Forms of the sign-in and account pages."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField
from wtforms.validators import InputRequired

_EMAIL = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}


class SignInForm(FlaskForm):
    """E-mail and password. Says nothing about which of the two was wrong."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address")], render_kw=_EMAIL)
    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class RoleForm(FlaskForm):
    """Which of several memberships to act in; the choices are the person's own."""

    membership = RadioField("Which role are you using now?", [InputRequired("Choose a role")], coerce=int)
    next = HiddenField()


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
