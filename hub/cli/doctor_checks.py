"""What `hub doctor` looks at: each check says what it found and, when something is wrong, how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.accounts.on_call import gaps_ahead, watched_until
from hub.accounts.queries import held_roles
from hub.cli.authority_checks import check_authority, check_disputes
from hub.cli.document_checks import check_documents
from hub.cli.finding import Finding
from hub.config import Settings
from hub.engine.life import is_worker_seen, last_seen
from hub.engine.rulebook import BankHoliday, PolicyVersion, rulebook
from hub.messages.mail import mail_server
from hub.messages.mail_connection import MailServer
from hub.migrate import current, newest
from hub.organisations.models import Organisation
from hub.paths import MIGRATIONS, STATIC, TEMPLATES
from workflows import ALL
from workflows.core import May
from workflows.durations import local, moment_words
from workflows.roles import Role

OLDEST_POSTGRESQL: Final = 15
LEAST_DISK: Final = 1_000_000_000
"""Bytes. Below this the database may stop in the middle of a night."""
MOST_DRIFT: Final = timedelta(seconds=2)
HOLIDAYS_AHEAD: Final = timedelta(days=365)
_FILES: Final = (
    STATIC / "hub.js",
    STATIC / "css" / "tokens.css",
    STATIC / "vendor",
    TEMPLATES / "layouts" / "base.html",
    MIGRATIONS / "env.py",
)


def check_machine(settings: Settings) -> Iterator[Finding]:
    """What can be seen without a database: the files of the program, the disk, how this deployment is set up."""
    absent = [str(path) for path in _FILES if not path.exists()]
    yield Finding(
        "Files of the program",
        f"missing {', '.join(absent)}" if absent else "styles, scripts, templates and migrations are there",
        "Install the program again" if absent else "",
    )
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    yield Finding(
        "Disk space",
        f"{free / 1e9:,.1f} GB free for {settings.data_dir}",
        "Make room, or set HUB_DATA_DIR to a larger disk" if free < LEAST_DISK else "",
    )
    yield Finding("Mode", _mode(settings))
    yield _mail(settings)


def _mode(settings: Settings) -> str:
    if settings.production:
        return f"production, answering to {', '.join(settings.hosts)}"
    return "demo, with sign-ins shown to everybody" if settings.demo else "trial: HUB_PRODUCTION is not set"


def _mail(settings: Settings) -> Finding:
    """How e-mail leaves, without its password."""
    if settings.mail_folder is not None:
        return Finding("E-mail", f"not sent: each is a file in {settings.mail_folder}, links included")
    if absent := settings.missing_for_mail():
        mend = f"Set {' and '.join(absent)}. Until then nobody gets an invitation or a new password by e-mail"
        return Finding("E-mail", "it cannot be sent", mend)
    try:
        how = "GOV.UK Notify" if settings.mail_via == "notify" else _server_words(mail_server(settings))
    except ValueError as error:
        return Finding("E-mail", "it cannot be sent", str(error))
    found = f"through {how}, with links to {settings.address}"
    is_open = settings.production and not (settings.address or "").startswith("https://")
    return Finding("E-mail", found, "Let HUB_ADDRESS begin with https://" if is_open else "")


def _server_words(server: MailServer) -> str:
    how = "encrypted" if server.is_tls or server.has_starttls else "not encrypted"
    return f"{server.host}, port {server.port}, {how}"


def check_database(engine: Engine, settings: Settings) -> Iterator[Finding]:
    """What can be seen in a database that answers, tables or none."""
    with engine.connect() as connection:
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
        before = datetime.now(UTC)
        there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = datetime.now(UTC)
    where = "at HUB_DATABASE_URL" if settings.database_url else f"embedded, in {settings.data_dir / 'postgres'}"
    yield Finding(
        "Database",
        f"PostgreSQL {version} answers, {where}",
        f"Move to PostgreSQL {OLDEST_POSTGRESQL} or newer" if version < OLDEST_POSTGRESQL else "",
    )
    drift = max(before - there, there - after, timedelta(0))
    yield Finding(
        "Clocks of machine and database",
        f"{drift.total_seconds():.1f} seconds apart",
        "Let both keep time by the same time server (NTP): deadlines depend on it" if drift > MOST_DRIFT else "",
    )
    at, latest = current(engine), newest(engine)
    yield Finding(
        "Migrations",
        f"at {at}, the newest" if at == latest else f"at {at or 'none'}, the newest is {latest}",
        "" if at == latest else "Run: hub migrate",
    )


def check_content(session: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    """What can be seen in a database with all its tables."""
    yield from _seeds(session, now)
    yield _worker(session, now)
    yield from _people(session, now)
    yield from check_documents(session, settings)
    if session.scalar(select(func.count()).where(PolicyVersion.in_force_from <= now)):
        yield from _rota(session, now)
        yield from check_authority(session, rulebook(session).policy(None, now), now)
        yield from check_disputes(session)
    invented = session.scalar(select(func.count()).select_from(Organisation).where(Organisation.is_demo)) or 0
    is_wrong = settings.production and bool(invented)
    yield Finding(
        "Demo data",
        f"{invented} invented organisations" if invented else "none",
        "Give production a database of its own, without the demo world" if is_wrong else "",
    )


def _worker(session: Session, now: datetime) -> Finding:
    seen = last_seen(session)
    found = f"last seen on {moment_words(seen)}" if seen else "never seen here"
    is_there = is_worker_seen(session, now)
    return Finding("Worker", found, "" if is_there else "Run: hub worker. Until then no deadline rings")


def _seeds(session: Session, now: datetime) -> Iterator[Finding]:
    policies = session.scalar(select(func.count()).select_from(PolicyVersion)) or 0
    in_force = session.scalar(select(func.count()).where(PolicyVersion.in_force_from <= now)) or 0
    yield Finding(
        "Policy sets",
        f"{policies}, of which {in_force} in force or replaced",
        "" if in_force else "Run: hub migrate",
    )
    last = session.scalar(select(func.max(BankHoliday.on_date)))
    is_short = last is None or last < (local(now) + HOLIDAYS_AHEAD).date()
    yield Finding(
        "Bank holidays",
        f"known until the end of {last.year}" if last else "none",
        "Install a newer version of govuk-bank-holidays and run: hub migrate" if is_short else "",
    )


def _rota(session: Session, now: datetime) -> Iterator[Finding]:
    book = rulebook(session)
    uncovered = gaps_ahead(session, now, book)
    if not uncovered:
        until = moment_words(watched_until(book, now))
        yield Finding("On-call rota", f"somebody is on call at every moment until {until}")
    for start, end in uncovered:
        yield Finding(
            "On-call rota",
            f"nobody from {moment_words(start)} until {moment_words(end)}",
            "Run: hub oncall add E-MAIL --from ... --until ...",
        )


def _people(session: Session, now: datetime) -> Iterator[Finding]:
    """Whether every action of every workflow has somebody who can do it, whatever state an item is in."""
    held = {row.role for row in held_roles(session, local(now).date())} | {Role.ON_CALL, Role.SYSTEM}
    needed: dict[str, list[str]] = {}
    for workflow in ALL.values():
        steps = [(f"start a {workflow.title.lower()}", workflow.started_by)]
        steps += [(f"“{action.label}” ({workflow.title.lower()})", action.by) for action in workflow.actions]
        for words, by in steps:
            people = [may for may in by if may.role is not Role.SYSTEM]  # none: the hub alone does it
            if people and not any(may.role is None or may.role in held for may in people):
                needed.setdefault(_who(by), []).append(words)
    if not needed:
        yield Finding("Roles", "everything that the workflows ask for can be done by somebody")
    for who, steps_missed in needed.items():
        yield Finding(
            "Roles",
            f"nobody is a {who}, so nobody can: {', '.join(dict.fromkeys(steps_missed))}",
            "Run: hub user add E-MAIL --name NAME --role ROLE --organisation ODS",
        )


def _who(by: tuple[May, ...]) -> str:
    return " or ".join(dict.fromkeys(may.role.label for may in by if may.role and may.role is not Role.SYSTEM))
