"""An item that nothing was read of: acted on without a statement more, refused when there is none."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.unread import unread
from hub.referrals.models import Referral
from tests.factories import NOW, make_actor, make_referral
from tests.statements import counted


def test_it_is_read_under_its_lock_and_costs_no_statement_before(session: Session, engine: Engine) -> None:
    identity = make_referral(session, "submitted").id
    actor = make_actor(session)
    session.expunge_all()
    with counted(engine) as sent:
        referral = unread(session, Referral, identity)
        perform(session, referral, "start_review", actor, now=NOW)
        assert (referral.state, referral.family_name) == ("in_review", "Hartwin")
    assert sent == [], "the engine's own statements go past SQLAlchemy, and no other is sent"


def test_one_that_the_session_has_is_that_one(session: Session) -> None:
    referral = make_referral(session, "submitted")
    assert unread(session, Referral, referral.id) is referral


def test_one_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(ActionRefused, match="no longer here"):
        perform(session, unread(session, Referral, 2_000_000_000), "start_review", make_actor(session), now=NOW)
