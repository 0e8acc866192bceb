"""The worker's jobs by name, in the words of the page."""

from collections.abc import Mapping
from typing import Final

RING: Final = "ring"
WARN: Final = "warn"
DELIVER: Final = "deliver"
MAIL: Final = "mail"
IMPORT: Final = "import"
CHASE: Final = "chase_beds"
DIGEST: Final = "digest"
FORGET: Final = "forget_attempts"
DRAFTS: Final = "forget_drafts"
BEAT: Final = "beat"

LABELS: Final[Mapping[str, str]] = {
    RING: "Ring deadlines that have passed",
    WARN: "Warn of deadlines that come near",
    DELIVER: "Deliver messages",
    MAIL: "Send e-mail",
    IMPORT: "Check and import files",
    CHASE: "Ask units for bed figures that are stale",
    DIGEST: "Write the daily audit digest",
    FORGET: "Forget old sign-in attempts",
    DRAFTS: "Forget old drafts",
    BEAT: "Give a sign of life",
}
"""In the order they are shown."""
