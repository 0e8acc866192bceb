"""The columns of organisations, sites and units that accounts need; their models belong to a layer above this one."""

from __future__ import annotations

from sqlalchemy import Boolean, Date, Integer, String, column, table

organisation = table(
    "organisation",
    column("id", Integer),
    column("ods_code", String),
    column("name", String),
    column("kind", String),
    column("parent_id", Integer),
    column("arm", String),
    column("is_demo", Boolean),
    column("from_on", Date),
    column("until_on", Date),
)
site = table("site", column("id", Integer), column("organisation_id", Integer), column("name", String))
unit = table(
    "unit", column("id", Integer), column("unit_code", String), column("name", String), column("site_id", Integer)
)
