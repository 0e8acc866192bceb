"""Everybody outside the hub tries everything on the whole demo world, and nothing of another's appears.

What is another's is read from the tables by `known`; what tells it, by `markers`; where to look, by `walker` and
`guesses`. A later issue extends those tables, not this file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.app import create_app
from hub.config import Settings
from hub.db import make_engine, make_sessions, transaction
from hub.demo.people import HUB, PEOPLE
from hub.demo.world import make_world
from hub.messages.delivery import deliver_due
from hub.web.access import Kind, access_of
from hub.web.files import intake
from tests.crawler.guesses import Guess, Route, Things, guesses, read_things, routes
from tests.crawler.known import Sight, sights
from tests.crawler.markers import Judge, World, plant, read_world, words_of
from tests.crawler.walker import Answer, Walker
from tests.factories import signed_in_cookie
from workflows import ALL

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)
STARTS = (
    *("/", "/worklist", "/referrals/", "/messages", "/how-it-works", "/account", "/search?q=a"),
    # What nothing of a person's may stand in: it is read by machines, or worked out for anybody.
    *("/metrics", "/api/clock?rule=referral.review&priority=routine&from=2026-11-20T16:30", "/try-a-date"),
    *("/worklist/export.csv", "/worklist/export.csv?due=late", "/worklist?view=1", "/worklist?view=3"),
)
OUTSIDE = [person.email for person in PEOPLE if person.ods_code != HUB]
MOST_PAGES = 2_000
"""More than anybody's links lead to: whoever comes so far has not seen all, which fails."""
SHARE = 20
"""Everybody tries one in so many of the things far from them, another one each; of those near to them, all."""
EXAMPLE = "10 digits, like 999 000 0018"
"""The form's own hint. Somebody of the demo has that number, so elsewhere it counts."""
ASKED = ("/try-a-date?", "/api/clock")
"""Where an address is a question, which a walker asks with half of its answers."""
ONCE_ONLY = re.compile(r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|nonce-[\w-]+')
MOVES_ANYWAY = frozenset({"access_log", "sign_in_session", "sign_in_attempt", "worker_beat"})

RIVALS = """
    SELECT a.id AS one_item, b.id AS other_item, x.organisation_id AS one, y.organisation_id AS other
    FROM work_item a JOIN work_item b ON b.case_id = a.case_id AND b.id > a.id AND b.kind = 'escalation'
    JOIN escalation_side x ON x.item_id = a.id JOIN organisation p ON p.id = x.organisation_id
    JOIN escalation_side y ON y.item_id = b.id JOIN organisation q ON q.id = y.organisation_id
    WHERE a.kind = 'escalation' AND p.kind = 'independent_provider' AND q.kind = 'independent_provider'
    AND NOT EXISTS (SELECT 1 FROM escalation_side z WHERE z.item_id = a.id AND z.organisation_id = q.id)
    AND NOT EXISTS (SELECT 1 FROM escalation_side z WHERE z.item_id = b.id AND z.organisation_id = p.id)"""


@dataclass(frozen=True)
class Crawled:
    """The world, with marks in every free text, and the application that serves it."""

    engine: Engine
    app: Flask
    world: World
    sights: dict[str, Sight]
    things: Things
    routes: list[Route]
    papers: dict[int, int]
    """Paper to its item."""
    interests: dict[int, int]
    """Declared interest to whose it is."""
    people: list[dict[str, str]]
    """Everybody the hub knows of: what can be typed into a search, and by case the id."""

    def walker(self, sight: Sight) -> Walker:
        """Somebody at a browser, signed in."""
        client: FlaskClient = self.app.test_client()
        with Session(self.engine) as session, transaction(session):
            signed_in_cookie(session, client, session.get_one(Membership, sight.membership_id))
        return Walker(client, MOST_PAGES)


@pytest.fixture(scope="module", autouse=True)
def _at_one_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def crawled(
    _at_one_moment: None,
    make_database: Callable[[str], str],
    test_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Crawled]:
    """The demo world with its documents, its messages delivered and its texts marked."""
    engine = make_engine(make_database("crawled"), pool_size=4)
    app = create_app(test_settings, session_factory=make_sessions(engine))
    app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    with app.app_context(), Session(engine) as session, transaction(session):
        assert make_world(session, now=NOW, intake=intake())
    with Session(engine) as session, transaction(session):
        session.execute(text("UPDATE outbox_message SET sent_at = NULL, next_try_at = NULL"))
        while deliver_due(session, now=NOW, folder=Path(tmp_path_factory.mktemp("outgoing")), limit=500):
            pass
        # Somebody of the hub has chosen rows of the worklist and not pressed yet.
        session.execute(
            text(
                "INSERT INTO bulk_change (user_id, membership_id, action, reason, query, is_whole_list, made_at) "
                "SELECT user_id, id, 'note', 'Ask them all', 'due=late', true, :now FROM membership "
                "WHERE role = 'coordinator' ORDER BY id LIMIT 1"
            ),
            {"now": NOW},
        )
        assert plant(session) > 1_000
    with Session(engine) as session:
        found, unknown = routes(app)
        assert not unknown, f"tests/crawler/guesses.py does not say what these are: {unknown}"
        yield Crawled(
            engine=engine,
            app=app,
            world=read_world(session),
            sights={sight.email: sight for sight in sights(session)},
            things=read_things(session),
            routes=found,
            papers={row.id: row.item_id for row in session.execute(text("SELECT id, item_id FROM paper"))},
            interests={row.id: row.user_id for row in session.execute(text("SELECT id, user_id FROM interest"))},
            people=_people(session),
        )
    engine.dispose()


def _people(session: Session) -> list[dict[str, str]]:
    rows = session.execute(
        text(
            "SELECT c.id, c.reference, p.family_name, p.given_name, p.nhs_number, p.date_of_birth FROM care_case c "
            "JOIN patient p ON p.id = c.patient_id ORDER BY c.id"
        )
    )
    return [
        {
            "case": str(row.id),
            "name": f"{row.given_name or ''} {row.family_name or ''}".strip(),
            "number": row.nhs_number or "",
            "born": f"{row.date_of_birth:%d/%m/%Y}" if row.date_of_birth else "",
            "born_iso": str(row.date_of_birth or ""),
            "reference": row.reference,
        }
        for row in rows
    ]


class Findings:
    """What one person met that they should not have; the same answer is read once."""

    def __init__(self, crawled: Crawled, sight: Sight) -> None:
        self.judge, self.said = Judge(crawled.world, sight), list[str]()
        self.statuses = Counter[int]()
        self._read = set[int]()

    def read(self, answer: Answer, *but: str) -> Answer:
        """Look at one answer; `but` is what was typed, which a page may repeat."""
        self.statuses[answer.status] += 1
        is_asked_wrongly = answer.status in {400, 422} and answer.address.startswith(ASKED)
        if answer.status not in {200, 204, 301, 302, 303, 304, 308, 403, 404, 405} and not is_asked_wrongly:
            self.said.append(f"{answer.address}: {answer.status}")
        plain = ONCE_ONLY.sub("", answer.said).replace(EXAMPLE, "")
        if hash(plain) not in self._read:
            self._read.add(hash(plain))
            self.said += [f"{answer.address}: {each}" for each in sorted(self.judge.findings(plain, but=but))]
        return answer

    def must_be_gone(self, answer: Answer) -> None:
        """It must answer as what is not there."""
        if self.read(answer).status not in {404, 405}:
            self.said.append(f"{answer.address}: {answer.status}, and it is another's")


@pytest.mark.parametrize("email", OUTSIDE)
def test_nothing_of_anothers_appears(crawled: Crawled, email: str) -> None:
    sight = crawled.sights[email]
    walker, findings = crawled.walker(sight), Findings(crawled, sight)
    turn = sorted(crawled.sights).index(email)
    own = [guess.address for guess in _own(crawled, sight, turn)]
    walked = [findings.read(answer) for answer in walker.walk([*STARTS, *own])]
    for address in _pages(crawled, turn):
        findings.read(walker.ask(address))
    findings.said += _wrong_numbers(crawled, sight, walker)
    if _is_first_of_its_sight(crawled, sight):
        _search(crawled, sight, walker, findings, turn)
        _guess(crawled, sight, walker, findings, turn)
        assert findings.statuses[404] > 20, "hardly anything was guessed"
    assert not findings.said, "\n".join([sight.name, *findings.said[:60]])
    assert len(STARTS) < len(walked) < MOST_PAGES, "a walk that was cut short shows nothing of the rest"
    assert findings.statuses[200] >= len(sight.items), "what is theirs opens"


def test_two_competitors_are_sides_of_disputes_about_one_case(crawled: Crawled) -> None:
    """Each of them is walked above; here stands that the world has them, and that neither is told of the other's."""
    with Session(crawled.engine) as session:
        rows = session.execute(text(RIVALS)).all()
    assert rows, "no two independent providers are sides of different disputes about one case"
    by_place: dict[int, set[int]] = {}
    for sight in crawled.sights.values():
        by_place.setdefault(sight.organisation_id, set()).update(sight.items)
    for row in rows:
        for mine, theirs, other in ((row.one, row.other, row.other_item), (row.other, row.one, row.one_item)):
            assert mine in by_place and theirs in by_place, "both have somebody who walks"
            assert other not in by_place[mine]


def _pages(crawled: Crawled, turn: int) -> Iterator[str]:
    """Every page that takes nothing, whether or not a link leads there; and those of a unit, for another's unit."""
    for rule in crawled.app.url_map.iter_rules():
        access = access_of(crawled.app, rule.endpoint)
        if "GET" in (rule.methods or ()) and not rule.arguments and access and access.kind is not Kind.PUBLIC:
            yield rule.rule
    units = crawled.things.named["unit"]
    for code, _ in (units[turn % len(units)], units[(turn + 7) % len(units)]):
        yield from (
            f"/home/?unit={code}",
            f"/home/answered?unit={code}",
            f"/beds/?q={code}",
            f"/region?near=HX1&q={code}",
        )


def _is_first_of_its_sight(crawled: Crawled, sight: Sight) -> bool:
    """Of those who may know the same, one guesses and searches; all of them walk, for their pages differ."""
    same = [each for each in crawled.sights.values() if (each.ods_code, each.items) == (sight.ods_code, sight.items)]
    return same[0] == sight


def _search(crawled: Crawled, sight: Sight, walker: Walker, findings: Findings, turn: int) -> None:
    ways = ("name", "number", "born", "reference")
    for place, person in enumerate(crawled.people):
        is_near = int(person["case"]) in sight.near_cases and sight.is_provider
        one = ways[(place // SHARE + turn) % len(ways)] if (place + turn) % SHARE == 0 else ""
        for way in ways:
            if not person[way] or not (is_near or way == one):
                continue
            answer = walker.client.get("/search", query_string={"q": person[way]})
            found = Answer(f"/search {way} {person[way]}", answer.status_code, f"{answer.location}\n{answer.text}")
            findings.read(found, person[way], words_of(person["name"]) if way == "name" else person["born_iso"])
            is_secret = way == "reference" or person[way] in findings.judge.secrets
            if way != "name" and is_secret and int(person["case"]) not in sight.cases:
                findings.said += [] if "Nothing found" in found.said else [f"{found.address}: something was found"]


def _own(crawled: Crawled, sight: Sight, turn: int) -> list[Guess]:
    """What is theirs, at its own address: an ended item stands on no list to be walked from."""
    whole = guesses(crawled.routes, crawled.things, "GET", turn)
    return [guess for guess in whole if guess.kind in ALL and guess.id in sight.items and guess.is_shown]


def _guess(crawled: Crawled, sight: Sight, walker: Walker, findings: Findings, turn: int) -> None:
    judge = findings.judge
    for place, guess in enumerate(guesses(crawled.routes, crawled.things, "GET", turn)):
        if _is_anothers(crawled, sight, judge, guess):
            if (place + turn) % SHARE == 0 or (_is_near(crawled, sight, guess) and guess.is_shown):
                findings.must_be_gone(walker.ask(guess.address))
        elif guess.kind in ALL and guess.is_shown:
            answer = findings.read(walker.ask(guess.address))
            findings.said += [] if answer.status == 200 else [f"{guess.address}: {answer.status}, and it is theirs"]


def _is_near(crawled: Crawled, sight: Sight, guess: Guess) -> bool:
    if guess.kind == "case":
        return guess.id in sight.near_cases
    if guess.kind in {"document", "unit"}:
        return True
    if guess.kind == "transition":
        return crawled.world.history[guess.id][0] in sight.near
    if guess.kind not in ALL and guess.kind != "paper":
        return False
    return (crawled.papers[guess.id] if guess.kind == "paper" else guess.id) in sight.near


def _is_anothers(crawled: Crawled, sight: Sight, judge: Judge, guess: Guess) -> bool:
    if guess.kind == "case":
        return guess.id not in sight.opens_cases
    if guess.kind == "unit":
        return crawled.world.units[guess.id] != sight.organisation_id
    if guess.kind in ALL:
        return guess.id not in sight.items
    if guess.kind == "paper":
        return crawled.papers[guess.id] not in sight.papers
    if guess.kind == "document":
        return not judge.may_read_document(guess.id)
    if guess.kind == "message":
        return guess.id not in sight.messages
    if guess.kind == "transition":
        return crawled.world.history[guess.id][2] != sight.organisation_id
    if guess.kind == "flash_point":
        return False  # the partners fill the register in together
    if guess.kind == "interest":
        return crawled.interests[guess.id] != sight.user_id
    return True


def _wrong_numbers(crawled: Crawled, sight: Sight, walker: Walker) -> list[str]:
    """The worklist's numbers beside its filters, held against what the tables say is theirs."""
    with Session(crawled.engine) as session:
        rows = session.execute(
            text("SELECT kind, count(*) FROM work_item WHERE id = ANY(:ids) GROUP BY kind"),
            {"ids": sorted(sight.open_items)},
        )
        expected = {str(row.kind): int(row[1]) for row in rows}
    page = walker.ask("/worklist").said
    told = re.findall(r'name="kind" value="(\w+)"[^>]*><span>[^<]*</span><span class="hub-filter__count">(\d+)', page)
    shown = {kind: int(number) for kind, number in told if number != "0"}
    return [] if shown == expected else [f"/worklist counts {shown} and not {expected}"]


def test_a_form_sent_to_a_guessed_address_changes_nothing(crawled: Crawled) -> None:
    before, findings = _state(crawled.engine), list[str]()
    for turn, (_, sight) in enumerate(sorted(crawled.sights.items())):
        walker, found = crawled.walker(sight), Findings(crawled, sight)
        for place, guess in enumerate(guesses(crawled.routes, crawled.things, "POST", turn)):
            if (place + turn) % (2 * SHARE) == 0 and _is_anothers(crawled, sight, found.judge, guess):
                found.must_be_gone(walker.post(guess.address, {"seen": "1", "reason": "x", "note": "x"}))
        far = [identity for _, identity in crawled.things.named["referral"] if identity not in sight.items]
        chosen = [f"{identity}-1" for identity in far[turn :: 2 * SHARE]]
        found.read(walker.post("/worklist/chosen", {"do": "export", "choose": chosen}))
        findings += [f"{sight.name}: {each}" for each in found.said]
    assert not findings, "\n".join(findings[:60])
    after = _state(crawled.engine)
    changed = sorted(name for name in before if before[name] != after[name])
    assert not changed, f"a form that must be refused changed {changed}"


def _state(engine: Engine) -> dict[str, str]:
    """What every table holds, by name; but for those that note who was here."""
    with Session(engine) as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        whole = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM \"{}\" t"
        return {name: session.execute(text(whole.format(name))).scalar_one() for name in set(names) - MOVES_ANYWAY}
