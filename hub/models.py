"""Every table of the hub, so that the mapper and the migrations know them all."""

from hub.accounts import absence_models as absences
from hub.accounts import models as accounts
from hub.accounts import request_models as account_requests
from hub.admissions import models as admissions
from hub.beds import models as beds
from hub.cases import models as cases
from hub.conflicts import models as conflicts
from hub.documents import models as documents
from hub.engine import admin_log, code_lists, drafts, life, rulebook
from hub.engine import models as engine
from hub.engine import recount_models as recounts
from hub.escalations import models as escalations
from hub.escalations import settlement_models as escalation_settlements
from hub.escalations import side_models as escalation_sides
from hub.flash_points import models as flash_points
from hub.merges import models as merges
from hub.messages import models as messages
from hub.organisations import models as organisations
from hub.papers import models as papers
from hub.patients import models as patients
from hub.placements import approach_models as approaches
from hub.placements import models as placements
from hub.policy_changes import models as policy_changes
from hub.referrals import import_models as referral_imports
from hub.referrals import models as referrals
from hub.stays import models as stays
from hub.tasks import models as tasks
from hub.worklist import models as worklist

__all__ = [
    "absences",
    "account_requests",
    "accounts",
    "admin_log",
    "admissions",
    "approaches",
    "beds",
    "cases",
    "code_lists",
    "conflicts",
    "documents",
    "drafts",
    "engine",
    "escalation_settlements",
    "escalation_sides",
    "escalations",
    "flash_points",
    "life",
    "merges",
    "messages",
    "organisations",
    "papers",
    "patients",
    "placements",
    "policy_changes",
    "recounts",
    "referral_imports",
    "referrals",
    "rulebook",
    "stays",
    "tasks",
    "worklist",
]
