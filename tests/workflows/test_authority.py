"""Who may decide: limits by role, what is contested, and who recommended it."""

from types import SimpleNamespace
from typing import Any

import pytest

from workflows.actor import Actor
from workflows.admission.guards import SCHEME
from workflows.authority import in_words_or, pounds, with_article
from workflows.policy import DEFAULT, PolicySet
from workflows.roles import Role

CM, HEAD, DIRECTOR, OUTSIDE = Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.OUTSIDE_MEMBER
WITHIN = {CM: 5_000_000, HEAD: 25_000_000, DIRECTOR: 100_000_000}
LIMITS = {str(role): pence for role, pence in WITHIN.items()}


def item(cost: int | None, *contested: str, policy: PolicySet = DEFAULT, by: int | None = 1) -> Any:
    return SimpleNamespace(
        estimated_cost_pence=cost,
        why_contested=contested,
        policy=policy,
        recommended_by_id=by,
        recommended_for_id=None,
        recommended_role="case_manager" if by else None,
    )


def test_the_ladder_climbs_by_limit_whatever_order_it_was_written_in() -> None:
    assert SCHEME.ladder(DEFAULT) == tuple(WITHIN.items())
    turned = DEFAULT.with_value("admission.limit_pence", {**LIMITS, "director": 1})
    assert [role for role, _limit in SCHEME.ladder(turned)] == [DIRECTOR, CM, HEAD]


@pytest.mark.parametrize(
    ("cost", "contested", "holders"),
    [
        (0, (), (CM, HEAD, DIRECTOR)),
        (5_000_000, (), (CM, HEAD, DIRECTOR)),
        (5_000_001, (), (HEAD, DIRECTOR)),
        (25_000_000, (), (HEAD, DIRECTOR)),
        (25_000_001, (), (DIRECTOR,)),
        (100_000_001, (), ()),
        (0, ("the family objects",), (HEAD, DIRECTOR)),
        (25_000_001, ("the family objects",), (DIRECTOR,)),
        (100_000_001, ("the family objects",), ()),
        (None, (), ()),
    ],
)
def test_who_holds_the_authority(cost: int | None, contested: tuple[str, ...], holders: tuple[Role, ...]) -> None:
    this = item(cost, *contested)
    assert SCHEME.holders(this) == holders
    for role in (CM, HEAD, DIRECTOR):
        assert (SCHEME.why_not(this, role) is None) is (role in holders)
        assert SCHEME.may(role)(this, Actor(1, "x")) == SCHEME.why_not(this, role)
    assert (SCHEME.why_not(this, OUTSIDE) is None) is (cost is not None), "lets in whom the hub let in"


@pytest.mark.parametrize(
    ("cost", "contested", "role", "words"),
    [
        (
            6_240_050,
            (),
            CM,
            "The estimated cost is £62,400.50 and a case manager decides up to £50,000, "
            "so this is for a head of commissioning or a director",
        ),
        (
            25_000_001,
            (),
            HEAD,
            "The estimated cost is £250,000.01 and a head of commissioning decides up to £250,000, "
            "so this is for a director",
        ),
        (
            100_000_100,
            (),
            DIRECTOR,
            "The estimated cost is £1,000,001 and a director decides up to £1,000,000, "
            "so this is for an outside member",
        ),
        (
            1,
            ("the family objects", "the case is in dispute"),
            CM,
            "It is contested (the family objects; the case is in dispute), "
            "so this is for a head of commissioning or a director",
        ),
        (1, (), Role.COORDINATOR, "This is for a case manager or a head of commissioning or a director"),
        (None, (), DIRECTOR, "The cost cannot be estimated: recommend a bed type that has a price, and a length"),
        (None, (), OUTSIDE, "The cost cannot be estimated: recommend a bed type that has a price, and a length"),
    ],
)
def test_a_refusal_says_the_amount_and_who_can(
    cost: int | None, contested: tuple[str, ...], role: Role, words: str
) -> None:
    assert SCHEME.why_not(item(cost, *contested), role) == words


def test_the_limit_is_the_policys() -> None:
    lower = DEFAULT.with_value("admission.limit_pence", {**LIMITS, "case_manager": 100})
    assert SCHEME.why_not(item(101, policy=lower), CM) and not SCHEME.why_not(item(101), CM)
    alone = DEFAULT.with_value("admission.contested_role", ("director",))
    assert SCHEME.holders(item(1, "disputed", policy=alone)) == (DIRECTOR,)
    chair = DEFAULT.with_value("admission.outside_alternate", "funder")
    assert SCHEME.outside(chair) is Role.FUNDER and SCHEME.outside(DEFAULT) is OUTSIDE


@pytest.mark.parametrize(
    ("this", "words"),
    [
        (item(5_000_000), None),
        (item(1, by=None), None),
        (item(99_000_000, "disputed", by=2), None),
        (
            item(5_000_001),
            "You recommended it, and it is over your own limit of £50,000, "
            "so another person decides: a head of commissioning or a director",
        ),
        (
            item(None),
            "You recommended it, and it is over your own limit of £50,000, "
            "so another person decides: an outside member",
        ),
        (
            item(1, "the family objects"),
            "You recommended it, and it is contested (the family objects), "
            "so another person decides: a head of commissioning or a director",
        ),
        (
            item(100_000_001, "the family objects"),
            "You recommended it, and it is contested (the family objects), "
            "so another person decides: an outside member",
        ),
    ],
)
def test_deciding_what_one_recommended(this: Any, words: str | None) -> None:
    assert SCHEME.why_not_own(this, Actor(1, "who recommended", HEAD)) == words
    to_a_deputy = SCHEME.why_not_own(this, Actor(3, "their deputy", HEAD, on_behalf_of=1))
    as_said = words and words.replace("You rec", "The person you stand in for rec").replace(
        "your own", "the recommender’s"
    )
    assert to_a_deputy == as_said
    assert SCHEME.why_not_own(this, Actor(3, "another person", HEAD)) is None


def test_a_recommender_whose_role_has_no_limit_decides_nothing_of_their_own() -> None:
    this = item(1)
    this.recommended_role = "clinical_reviewer"
    assert "over your own limit of £0" in str(SCHEME.why_not_own(this, Actor(1, "x", HEAD)))


def test_words() -> None:
    assert [pounds(pence) for pence in (0, 5, 100, 2_118_400, 2_118_450)] == [
        "£0",
        "£0.05",
        "£1",
        "£21,184",
        "£21,184.50",
    ]
    roles = (Role.OUTSIDE_MEMBER, Role.UNIT_MANAGER)
    assert [with_article(role) for role in roles] == ["an outside member", "a unit manager"]
    assert in_words_or((CM,)) == "a case manager"
