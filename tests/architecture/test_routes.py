"""Every route says who may use it, and every role meets exactly what was declared."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.web.access import Access, Kind, declared_access, undeclared_routes
from tests.factories import actor_of, make_membership, make_referral
from workflows.roles import PERSON_ROLES, Role

REFUSED = {302, 303, 404}


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    assert undeclared_routes(app) == []
    assert len(declared_access(app)) > 10


def _address(rule: str, reference: str) -> str:
    given = {"<reference>": reference, "<action>": "start_review", "<section>": "person", "<path:filename>": "hub.js"}
    for part, value in given.items():
        rule = rule.replace(part, value)
    return re.sub(r"<int[^>]*>", "1", rule)


def _answer(client: FlaskClient, method: str, address: str) -> Any:
    return client.open(address, method=method, data={} if method == "POST" else None)


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_every_route_answers_each_role_as_declared(
    app: Flask,
    client: FlaskClient,
    session: Session,
    sign_in: Callable[[FlaskClient, Any], None],
    role: Role,
) -> None:
    referral = make_referral(session, state="submitted")
    membership = make_membership(session, role)
    actor = actor_of(membership)
    walked = 0
    for rule, methods, access in declared_access(app):
        assert access is not None
        for method in sorted(methods):
            if rule in {"/sign-out"} or access.kind in {Kind.PUBLIC, Kind.IDENTIFIED}:
                continue
            sign_in(client, membership)
            answer = _answer(client, method, _address(rule, referral.reference))
            walked += 1
            if access.allows(actor):
                assert answer.status_code < 500, f"{method} {rule} broke for {role}"
                # A page about one item also asks whose it is, which is the items' own test.
                is_about_one = "<" in rule
                assert is_about_one or answer.status_code != 404, f"{method} {rule} was refused to {role}"
            else:
                assert answer.status_code == 404, f"{method} {rule} was not refused to {role}"
    assert walked > 3


def test_nobody_gets_in_without_signing_in(app: Flask, client: FlaskClient, session: Session) -> None:
    referral = make_referral(session, state="submitted")
    for rule, methods, access in declared_access(app):
        if access is not None and access.kind is Kind.PUBLIC:
            continue
        for method in sorted(methods):
            answer = _answer(client, method, _address(rule, referral.reference))
            assert answer.status_code in REFUSED, f"{method} {rule} answered {answer.status_code} to nobody"


def test_access_says_no_unless_it_says_yes() -> None:
    assert not Access(Kind.SIGNED_IN).allows(None)
    assert not Access(Kind.HUB_STAFF).allows(None)
