"""Every table of the hub, so that the mapper and the migrations know them all."""

from hub.accounts import models as accounts
from hub.admissions import models as admissions
from hub.cases import models as cases
from hub.engine import life, rulebook
from hub.engine import models as engine
from hub.messages import models as messages
from hub.organisations import models as organisations
from hub.patients import models as patients
from hub.placements import models as placements
from hub.referrals import import_models as referral_imports
from hub.referrals import models as referrals

__all__ = [
    "accounts",
    "admissions",
    "cases",
    "engine",
    "life",
    "messages",
    "organisations",
    "patients",
    "placements",
    "referral_imports",
    "referrals",
    "rulebook",
]
