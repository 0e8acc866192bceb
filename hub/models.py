"""Every table of the hub, so that the mapper and the migrations know them all."""

from hub.accounts import models as accounts
from hub.cases import models as cases
from hub.engine import models as engine
from hub.engine import rulebook
from hub.organisations import models as organisations
from hub.patients import models as patients
from hub.referrals import models as referrals

__all__ = ["accounts", "cases", "engine", "organisations", "patients", "referrals", "rulebook"]
