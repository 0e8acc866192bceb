"""Who has the home of a side, who also sends things the hub keeps proof of, and who arrives where."""

from typing import Final

from workflows.roles import UNIT_ROLES, Role

HOME_ROLES: Final = UNIT_ROLES | {
    Role.PROVIDER_QUALITY_LEAD,
    Role.FUNDER,
    Role.OUTSIDE_MEMBER,
    Role.ACCESS_ASSESSOR,
}
"""Everybody outside the hub but the referrer, whose home is their referrals."""
SENDERS: Final = HOME_ROLES | {Role.REFERRER}
"""Whose organisation can be a side of a dispute, and who has proof of what was sent."""
