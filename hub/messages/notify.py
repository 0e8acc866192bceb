"""Handing e-mail to GOV.UK Notify, through its own client, and asking what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from requests import RequestException

from hub.config import Settings
from hub.messages.mail_failed import MailFailed

TIMEOUT: Final = 15
"""Seconds that the service may take to answer."""
GONE: Final = "permanent-failure"
"""What Notify calls an e-mail whose address does not exist."""
_FOR_THE_OPERATOR: Final = {
    HTTPStatus.BAD_REQUEST: "GOV.UK Notify refuses the e-mail. Check HUB_NOTIFY_TEMPLATE, whose subject must be "
    "((subject)) and whose message ((body)), and that the service is live and not on trial",
    HTTPStatus.FORBIDDEN: "GOV.UK Notify refuses the key. Check HUB_NOTIFY_API_KEY, and that this machine's clock is "
    "right",
}


def send_by_notify(chosen: Settings, to: str, subject: str, body: str, reference: str, *, is_again: bool) -> None:
    """Have one e-mail sent. `reference` is its Message-ID; `is_again` first asks whether it has it already.

    Raises MailFailed: hopeless when Notify refuses it, not when it is busy (429) or broken (5xx, no answer).
    """
    client = _client(chosen)
    try:
        if is_again and client.get_all_notifications(reference=reference).get("notifications"):
            return
        client.send_email_notification(
            email_address=to,
            template_id=chosen.notify_template,
            personalisation={"subject": subject, "body": body},
            reference=reference,
        )
    except (APIError, RequestException) as error:
        raise _failed(error) from error


def came_back(chosen: Settings) -> Iterator[tuple[str, datetime, str]]:
    """The newest e-mails whose address does not exist: address, when that was known, and words. Raises MailFailed."""
    try:
        told = _client(chosen).get_all_notifications(template_type="email", status=GONE)
    except (APIError, RequestException) as error:
        raise _failed(error) from error
    for each in told["notifications"]:
        at = datetime.fromisoformat(each["completed_at"] or each["created_at"]).astimezone(UTC)
        yield each["email_address"], at, "GOV.UK Notify: the address does not exist"


def _client(chosen: Settings) -> Any:
    key = chosen.notify_api_key.get_secret_value() if chosen.notify_api_key else ""
    made: Any = NotificationsAPIClient  # the client's calls have no types
    return made(key, base_url=chosen.notify_url, timeout=TIMEOUT)


def _failed(error: Exception) -> MailFailed:
    if not isinstance(error, APIError):
        return MailFailed(f"GOV.UK Notify does not answer: {type(error).__name__}")
    said, status = _said(error), error.status_code
    if status == HTTPStatus.BAD_REQUEST and "email_address" in said:
        return MailFailed(f"GOV.UK Notify refused the address: {said}", is_hopeless=True, is_the_address=True)
    for_the_operator = _FOR_THE_OPERATOR.get(HTTPStatus(status))
    if for_the_operator is not None:
        return MailFailed(f"{for_the_operator}. It said: {said}", is_hopeless=True)
    if error.response is None:
        return MailFailed("GOV.UK Notify does not answer")
    return MailFailed(f"GOV.UK Notify cannot take it now: {status} {said}")


def _said(error: APIError) -> str:
    said = error.message
    return "; ".join(str(each.get("message", each)) for each in said) if isinstance(said, list) else str(said)
