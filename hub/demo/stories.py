"""What a story of the demo is made of: one referral, and what was done about it so many hours after it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DELE: Final = "Dele Okafor"
PRIYA: Final = "Priya Nandakumar"
KAREN: Final = "Karen Stott"
RUTH: Final = "Ruth Calloway"
HELEN: Final = "Helen Ashdown"
FIONA: Final = "Dr Fiona Abara"
IMRAN: Final = "Imran Sadiq"
CONRAD: Final = "Dr Conrad Hale"
NIA: Final = "Dr Nia Probert"
MARIANNE: Final = "Dr Marianne Idowu"
TESS: Final = "Tess Amberley"
KEN: Final = "Ken Haddow"
HILARY: Final = "Hilary Sugden"
GRACE: Final = "Grace Lindley"
SAMUEL: Final = "Dr Samuel Oyelaran"
MOIRA: Final = "Moira Fenwick"
GARETH: Final = "Gareth Tyson"
LORNA: Final = "Lorna Keld"
OWAIN: Final = "Owain Pryce"
SUNITA: Final = "Sunita Raval"
DEREK: Final = "Derek Stainby"
PAULA: Final = "Paula Winship"
ON_CALL: Final = "whoever is on call then"
THE_HUB: Final = "the hub itself"
"""What a clock does when it rings."""
REFERRAL: Final = "referral"
ADMISSION: Final = "admission"
PLACEMENT: Final = "placement"
TASK: Final = "task"
APPROACH: Final = "approach"
STAY: Final = "stay"


@dataclass(frozen=True, slots=True)
class Step:
    """One action, so many hours after the referral was received."""

    after: float
    action: str
    who: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Answers; an organisation by its ODS code, a unit by its code, a person by name, a moment as a timedelta from
    the step, an offer by the code of the unit that made it."""
    reason: str | None = None
    to: str = REFERRAL
    """Which item: the referral, what is owed on it, the admission decision that followed, its search for a bed, the
    last question to one unit, or the last stay."""
    unit: str = ""
    """Whose approach, by the unit's code."""


@dataclass(frozen=True, slots=True)
class Story:
    """One referral: who it is about, who referred it how many hours ago, and what has happened since."""

    person: tuple[str, str]
    """Given name, family name."""
    hours_ago: float
    line: str
    priority: str
    referrer: str
    organisation: str
    answers: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    is_draft: bool = False
    same_as: int | None = None
    """The place in the list of an earlier story about the same person."""
    alerts: tuple[tuple[str, str, float], ...] = ()
    """Words, details, hours after the referral at which the case manager recorded them."""


def owned(manager: str, after: float) -> tuple[Step, ...]:
    """Given to a case manager, who begins the review."""
    return Step(after, "assign", DELE, {"owner": manager}), Step(after + 0.1, "start_review", manager)


def accepted(manager: str, after: float) -> tuple[Step, ...]:
    """Reviewed and accepted, so that an admission decision opens at `after`."""
    return (*owned(manager, after * 0.4), Step(after, "accept", manager))
