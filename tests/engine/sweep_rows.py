"""Many items like one that was made by the engine, with chains that hold: for the sweep's volume tests."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.engine.chain import LINKED, link
from hub.engine.models import Clock, Transition, WorkItem
from hub.referrals.models import Referral


def many_items(session: Session, like: int, number: int) -> None:
    """`number` copies of the referral `like` with its history, clocks and parties; each chain is its own."""
    session.flush()
    history = session.query(Transition).filter_by(item_id=like).order_by(Transition.position).all()
    first = session.execute(text("SELECT max(id) FROM work_item")).scalar_one() + 1
    session.execute(text(f"SELECT setval('work_item_id_seq', {first + number})"))
    heads: dict[int, str] = {}
    raw = session.connection().connection.driver_connection
    assert raw is not None
    columns = (*LINKED, "hash")
    with raw.cursor() as cursor:
        _copy(cursor, WorkItem.__tablename__, like, first, number, {"id": "n", "reference": "'REF-2000-' || n"})
        _copy(cursor, Referral.__tablename__, like, first, number, {"id": "n", "source_ref": "NULL"})
        _copy(cursor, Clock.__tablename__, like, first, number, {"id": None, "item_id": "n"})
        _copy(cursor, "item_party", like, first, number, {"id": None, "item_id": "n"})
        with cursor.copy(f"COPY transition ({', '.join(columns)}) FROM STDIN") as rows:
            for identity in range(first, first + number):
                before = "0" * 64
                for line in history:
                    row = {name: getattr(line, name) for name in LINKED}
                    row |= {"item_id": identity, "prev_hash": before}
                    row["hash"] = before = link(row)
                    rows.write_row([_sent(row[name]) for name in columns])
                heads[identity] = before
        cursor.execute(
            "UPDATE work_item SET head_hash = given.head FROM unnest(%s::bigint[], %s::text[]) AS given (id, head) "
            "WHERE work_item.id = given.id",
            [list(heads), list(heads.values())],
        )


def _sent(value: object) -> object:
    import json

    return json.dumps(value) if isinstance(value, dict) else value


def _copy(cursor: object, table: str, like: int, first: int, number: int, other: dict[str, str | None]) -> None:
    from hub.db import Base

    columns = [column.name for column in Base.metadata.tables[table].columns if other.get(column.name, "") is not None]
    given = [str(other.get(name, f"source.{name}")) for name in columns]
    key = "item_id" if "item_id" in columns else "id"
    cursor.execute(  # type: ignore[attr-defined]  # the driver's cursor
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(given)} FROM {table} AS source, "
        f"generate_series({first}, {first + number - 1}) AS n WHERE source.{key} = {like}"
    )
