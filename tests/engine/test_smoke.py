"""smoke"""
from datetime import UTC, datetime
from sqlalchemy import text, select
from hub.engine.start import start, Beginning, PartyTo
from hub.engine.perform import perform
from hub.engine.audit import verify
from hub.engine.available import available_actions
from hub.engine.models import *
from hub.accounts.models import UserAccount, Membership
from hub.organisations.models import Organisation
from hub.referrals.models import Referral
from workflows.actor import Actor
from workflows.roles import Role
from workflows.referral import REFERRAL
from datetime import date

def test_it(session):
    org = Organisation(ods_code="ZD001", name="Hub parent", kind="other", from_on=date(2020,1,1)); session.add(org); session.flush()
    u = UserAccount(email="a@b.c", name="Dele Okafor", password_hash="x", created_at=datetime.now(UTC)); session.add(u); session.flush()
    m = Membership(user_id=u.id, organisation_id=org.id, role=Role.CASE_MANAGER, from_on=date(2020,1,1)); session.add(m); session.flush()
    a = Actor(u.id, u.name, Role.CASE_MANAGER, m.id, org.id, is_hub=True)
    co = Actor(u.id, u.name, Role.COORDINATOR, m.id, org.id, is_hub=True)
    now = datetime(2026,3,27,23,30,tzinfo=UTC)
    values = dict(service_line="cyp", priority="emergency", family_name="Hartwin", given_name="Isobel", date_of_birth=date(2010,9,14), location_kind="ae", where_now="A&E", immediate_risk="yes", legal_status="01", consent_basis="gillick", call_back_number="01234", why_it_cannot_wait="because", received_at=now)
    r = start(session, REFERRAL, co, now=now, values=values, about=Beginning(title="Hartwin, Isobel", parties=[PartyTo(("requester",), organisation_id=org.id)]))
    assert r.reference.startswith("REF-2026-")
    for o in available_actions(r, co): print(o.action.name, o.is_allowed, o.missing, o.why_not)
    perform(session, r, "submit", co, now=now, values={"declaration": True})
    print(r.state, r.next_due_at, r.case_id, [ (c.name,c.due_at,c.warn_50_at) for c in r.clocks])
    perform(session, r, "start_review", a, now=now)
    for o in available_actions(r, a): print(o.action.name, o.is_allowed, o.missing, o.done, o.why_not)
    perform(session, r, "change_priority", a, now=now, values={"priority":"routine"}, reason="less")
    print(r.next_due_at)
    perform(session, r, "accept", a, now=now) if False else None
    perform(session, r, "withdraw", a, now=now, reason="gone")
    print(r.state, r.clocks[0].outcome, r.clocks[0].changes)
    v = verify(session); print(v)
    assert not v.findings
    import time
    t=time.perf_counter()
    for i in range(100):
        r = start(session, REFERRAL, co, now=now, values=values, about=Beginning(title="Hartwin, Isobel", parties=[PartyTo(("requester",), organisation_id=org.id)]))
    t2=time.perf_counter(); print("start ms", (t2-t)*10)
