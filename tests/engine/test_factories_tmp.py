import pytest
from sqlalchemy.orm import Session
from tests.factories import STEPS, make_referral
from hub.engine.audit import verify
@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("line", ["cyp","secure","aed"])
def test_walk(session: Session, state: str, line:str) -> None:
    r = make_referral(session, state, service_line=line)
    assert r.state == state
    assert not verify(session).findings
