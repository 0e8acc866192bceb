"""Importing organisations, sites and units: idempotent, all or nothing, every problem listed by row."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.passwords import verify_password
from hub.cli.oncall import oncall
from hub.cli.organisations import organisations
from hub.cli.user import user
from hub.config import settings
from hub.organisations.csv_rows import ImportRefused
from hub.organisations.importing import import_organisations, postcode
from hub.organisations.models import Organisation, Site, Unit
from hub.organisations.queries import find_organisation, hub_organisations, units_of
from tests.features.people import ORGANISATIONS, PASSWORD, SITES, UNITS

TODAY = date(2026, 3, 27)
FILES = ("organisations", "sites", "units")
KINDS = (
    "lead_provider, hub, nhs_provider, independent_provider, acute, community, primary_care, prison, icb, "
    "local_authority, education, nhse, other"
)


def bring_in(session: Session, organisation_text: str = ORGANISATIONS, sites: str = SITES, units: str = UNITS) -> str:
    report = import_organisations(
        session,
        today=TODAY,
        organisations=organisation_text.splitlines(),
        sites=sites.splitlines(),
        units=units.splitlines(),
    )
    return f"{sum(report.added.values())} {sum(report.changed.values())} {sum(report.same.values())}"


def problems(session: Session, organisation_text: str = "", sites: str = "", units: str = "") -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        bring_in(session, organisation_text, sites, units)
    return [str(problem) for problem in refused.value.problems]


def test_three_files_make_organisations_sites_and_units(session: Session) -> None:
    assert bring_in(session) == "7 0 0"
    hub, arm = find_organisation(session, " xhb "), find_organisation(session, "XPA")
    assert hub is not None and arm is not None and hub.is_hub and not arm.is_hub
    assert hub.parent is arm.parent and hub.parent is not None and hub.parent.ods_code == "XLP"
    assert hub_organisations(session) == [hub] and hub.from_on == TODAY
    tarn = find_organisation(session, "XTH")
    assert tarn is not None
    (unit,) = units_of(session, tarn.id)
    assert (unit.bed_type, unit.gender, unit.age_from, unit.age_to) == ("301", "mixed", 13, 17)
    assert unit.site.postcode == "LS1 4AB"


def test_the_demo_files_import(session: Session, repository: Path) -> None:
    texts = [(repository / "hub/demo/files" / f"{name}.csv").read_text(encoding="utf-8") for name in FILES]
    added = bring_in(session, *texts)
    assert added.endswith(" 0 0") and len(hub_organisations(session)) == 1
    assert bring_in(session, *texts) == f"0 0 {added.split()[0]}"


def test_again_changes_nothing_and_a_new_name_changes_one(session: Session) -> None:
    bring_in(session)
    assert bring_in(session) == "0 0 7"
    assert bring_in(session, ORGANISATIONS.replace("Tarn House", "Tarn House Hospital")) == "0 1 6"
    assert session.scalar(select(func.count()).select_from(Organisation)) == 5


def test_a_child_may_come_before_its_parent_and_columns_in_any_order(session: Session) -> None:
    text = "\ufeffname,arm,ODS_CODE,parent_ods_code,kind\n\nThe hub,hub,xhb,xlp,other\nAll of it,,xlp,,other\n"
    assert bring_in(session, text, "", "") == "2 0 0"
    hub = find_organisation(session, "XHB")
    assert hub is not None and hub.parent is not None and hub.parent.name == "All of it"


def test_every_problem_is_listed_by_row_and_nothing_is_imported(session: Session) -> None:
    said = problems(
        session,
        "ods_code,name,kind,parent_ods_code,arm\n"
        "X-1,Bad code,icb,,\n"
        "XAA,,shop,XZZ,\n"
        "XBB,Loose arm,other,,hub\n"
        "XCC,Twice,icb,,\n"
        "xcc,Twice,icb,,\n"
        "XDD,Round,icb,XEE,\n"
        "XEE,And round,icb,XDD,left\n",
        "site_code,name,organisation_ods_code,postcode\nXS1,Site,XQQ,nowhere\n",
        "unit_code,name,site_code,bed_type,gender,age_from,age_to\nU1,Unit,XS9,999,all,18,x\n",
    )
    assert said == [
        "organisations, line 2: ods_code: 'X-1' must be 3 to 12 letters and digits",
        "organisations, line 3: parent_ods_code: 'XZZ' is neither in this file nor imported before",
        "organisations, line 3: name: must not be empty",
        f"organisations, line 3: kind: 'shop' must be one of {KINDS}",
        "organisations, line 4: arm: an arm needs its lead provider in parent_ods_code",
        "organisations, line 6: ods_code: 'xcc' is on line 5 already",
        "organisations, line 7: parent_ods_code: the organisations above this one lead back to it",
        "organisations, line 8: arm: 'left' must be hub, provider or empty",
        "organisations, line 8: parent_ods_code: the organisations above this one lead back to it",
        "sites, line 2: organisation_ods_code: 'XQQ' is not an organisation we know",
        "sites, line 2: postcode: 'nowhere' is not a postcode",
        "units, line 2: site_code: 'XS9' is not a site we know",
        "units, line 2: age_to: 'x' must be a whole number from 0 to 120",
        "units, line 2: age_to: 0 is below age_from, 18",
        "units, line 2: bed_type: '999' is not in the code list bed_type",
        "units, line 2: gender: 'all' must be one of mixed, female, male",
    ]
    assert all(session.scalar(select(func.count()).select_from(table)) == 0 for table in (Organisation, Site, Unit))


def test_a_missing_column_is_said_once(session: Session) -> None:
    assert problems(session, "ods_code,name\nXAA,Ada\n") == [
        "organisations, line 1: the column kind is missing",
        "organisations, line 1: the column parent_ods_code is missing",
        "organisations, line 1: the column arm is missing",
    ]


def test_a_comma_without_quotes_is_said(session: Session) -> None:
    said = problems(session, "ods_code,name,kind,parent_ods_code,arm\nXAA,Tarn, House,icb,,\n")
    assert "put a text with a comma in quotes" in said[0]


def test_a_quotation_mark_that_is_never_closed_is_said(session: Session) -> None:
    said = problems(session, f'ods_code,name,kind,parent_ods_code,arm\nXAA,"Tarn{"x" * 140_000},icb,,\n')
    assert said == [
        "organisations, line 2: a text is far too long: look for a quotation mark that is opened and never closed"
    ]


def test_a_lead_provider_has_one_hub(session: Session) -> None:
    bring_in(session)
    second = "ods_code,name,kind,parent_ods_code,arm\nXH2,Second hub,other,XLP,hub\n"
    assert problems(session, second) == ["organisations, line 2: arm: XLP has a hub arm already: XHB"]
    parent = find_organisation(session, "XLP")
    assert parent is not None
    row = Organisation(ods_code="XH2", name="x", kind="other", parent_id=parent.id, arm="hub", from_on=TODAY)
    session.add(row)
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    ("typed", "written"),
    [("ls14ab", "LS1 4AB"), (" EC1A 1BB ", "EC1A 1BB"), ("W1A 0AX", "W1A 0AX"), ("LS1", None), ("1LS 4AB", None)],
)
def test_postcodes_are_written_one_way(typed: str, written: str | None) -> None:
    assert postcode(typed) == written


def test_the_commands_import_add_people_and_fill_the_rota(
    committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    run = CliRunner()
    for name, text in (("o", ORGANISATIONS), ("s", SITES), ("u", UNITS)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    files = [str(tmp_path / "o.csv"), "--sites", str(tmp_path / "s.csv"), "--units", str(tmp_path / "u.csv")]
    try:
        assert "organisations: 5 added, 0 changed" in run.invoke(organisations, ["import", *files]).output
        assert "XHB  Invented Hub  (hub, hub arm)" in run.invoke(organisations, ["list"]).output
        role = ["--role", "case_manager", "--organisation", "XHB"]
        made = run.invoke(user, ["add", "Ruth@hub.example", "--name", "Ruth Calloway", *role])
        assert made.exit_code == 0, made.output
        shown = made.output.strip().rsplit(" ", 1)[1]
        with Session(committed) as session:
            account = session.scalars(select(UserAccount)).one()
            assert account.email == "ruth@hub.example" and verify_password(account.password_hash, shown)
        again = run.invoke(user, ["add", "ruth@hub.example", *role])
        assert again.exit_code == 1 and "already" in again.output
        given = run.invoke(user, ["password", "ruth@hub.example", "--password-stdin"], input=f"{PASSWORD}\n")
        assert given.exit_code == 0 and PASSWORD not in given.output
        wrong = run.invoke(user, ["add", "x@hub.example", "--name", "X", "--role", "funder", "--organisation", "NONE"])
        assert wrong.exit_code == 1 and "no organisation with the ODS code NONE" in wrong.output
        shift = ["add", "ruth@hub.example", "--from", "2030-03-29T17:00", "--until", "2030-04-01T09:00"]
        assert "Friday 29 March 2030, 5pm" in run.invoke(oncall, shift).output
        assert "on call already" in run.invoke(oncall, shift).output
        assert run.invoke(oncall, ["add", "ruth@hub.example", "--from", "x", "--until", "y"]).exit_code == 2
        assert "Nobody is on call from" in run.invoke(oncall, ["list"]).output
        assert "open sessions ended: 0" in run.invoke(user, ["disable", "ruth@hub.example"]).output
        assert "(disabled)" in run.invoke(user, ["list"]).output
    finally:
        settings.cache_clear()
