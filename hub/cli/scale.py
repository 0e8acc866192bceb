"""`hub demo scale`: a world of any size to measure with."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import platformdirs
from sqlalchemy.orm import Session

from hub.config import Settings, settings
from hub.db import make_engine, transaction
from hub.demo.scale import MOST, SEED, make_scale, midnight
from hub.demo.world import DemoRefused
from hub.embedded import database_url
from hub.migrate import upgrade
from hub.policies.services import seed as seed_policies


def demo_settings() -> Settings:
    """The settings of a demo: a data folder of its own, so that its world never stands beside real people's data."""
    given = settings()
    if given.production:
        raise click.ClickException("This is a production hub, and demo sign-ins are open to everybody.")
    usual = Path(platformdirs.user_data_dir("commissioning-hub"))
    folder = usual / "demo" if given.data_dir == usual else given.data_dir
    style = given.log if "log" in given.model_fields_set else "text"
    return given.model_copy(update={"data_dir": folder, "demo": True, "log": style})


@click.command()
@click.option("--items", required=True, type=click.IntRange(1, MOST), help="Referrals to make.")
@click.option("--open", "open_percent", default=8, show_default=True, type=click.IntRange(0, 100), help="Percent.")
@click.option("--seed", default=SEED, show_default=True, help="The same seed on the same day makes the same world.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day the world stands at; today unless given.")
def scale(items: int, open_percent: int, seed: int, until: datetime | None) -> None:
    """Make a world of many invented referrals to measure with: 40 organisations, 300 people, valid histories."""
    import hub.models  # every table must be known before the first mapper is used
    import hub.reactions  # noqa: F401 - and every topic heard

    now = until.replace(tzinfo=UTC) if until else midnight(datetime.now(UTC))
    engine = make_engine(database_url(demo_settings()), pool_size=2)
    try:
        upgrade(engine)
        with Session(engine) as session, transaction(session):
            seed_policies(session)
        with click.progressbar(length=items, label=f"{items:,} items") as bar:
            make_scale(
                engine,
                items=items,
                now=now,
                open_percent=open_percent,
                seed=seed,
                processes=os.cpu_count() or 1,
                progress=bar.update,
            )
    except DemoRefused as no:
        raise click.ClickException(str(no)) from no
    finally:
        engine.dispose()
    click.echo(f"There are {items:,} referrals more, {open_percent} in a hundred of them open.")
