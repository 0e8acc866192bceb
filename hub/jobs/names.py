"""The worker's jobs by name, in the words of the page."""

from collections.abc import Mapping
from typing import Final

RING: Final = "ring"
WARN: Final = "warn"
RESUME: Final = "resume"
DELIVER: Final = "deliver"
MAIL: Final = "mail"
MAIL_DIGESTS: Final = "mail_digests"
MAIL_BACK: Final = "mail_back"
IMPORT: Final = "import"
RECOUNT: Final = "recount"
CHASE: Final = "chase_beds"
ON_CALL: Final = "on_call_pages"
HORIZON: Final = "holiday_horizon"
DIGEST: Final = "digest"
FORGET: Final = "forget_attempts"
DRAFTS: Final = "forget_drafts"
BEAT: Final = "beat"

LABELS: Final[Mapping[str, str]] = {
    RING: "Ring deadlines that have passed",
    RESUME: "Let clocks go on whose pause is over",
    WARN: "Warn of deadlines that come near",
    DELIVER: "Deliver messages",
    MAIL: "Send e-mail",
    MAIL_DIGESTS: "Gather the messages of a day for e-mail",
    MAIL_BACK: "Ask GOV.UK Notify which e-mails came back",
    IMPORT: "Check and import files",
    RECOUNT: "Work deadlines out again when a day nobody works is added or removed",
    CHASE: "Ask units for bed figures that are stale",
    ON_CALL: "Send the page for the weekend to whoever is on call",
    HORIZON: "See that bank holidays are known far enough ahead",
    DIGEST: "Write the daily audit digest",
    FORGET: "Forget old sign-in attempts",
    DRAFTS: "Forget old drafts",
    BEAT: "Give a sign of life",
}
"""In the order they are shown."""
