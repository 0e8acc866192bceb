"""The wheel: built without a network, and whole in an environment that has never seen the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

RENDER = """
from hub.app import create_app
page = create_app().test_client().get("/sign-in", base_url="http://localhost")
assert page.status_code == 200, page.status
assert "Sign in" in page.text
style = create_app().test_client().get("/static/css/tokens.css", base_url="http://localhost")
assert style.status_code == 200, style.status
"""


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the backend that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(repository)]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a new environment with the wheel in it; what it depends on is lent by this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True)
    # The wheel stands first on the path; a .pth of the lending folder (an editable install) is not read from here.
    (site / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder / "bin"


def run(installed: Path, folder: Path, *command: str) -> str:
    """What a command of the new environment prints; it must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTHON", "COV_"))}
    made = subprocess.run(
        [installed / command[0], *command[1:]],
        cwd=folder,
        env={**kept, "HUB_DATA_DIR": str(folder / "data"), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


def test_the_wheel_holds_what_the_program_reads(wheel: Path, repository: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = {
        "hub/templates": (repository / "templates", "*.html"),
        "hub/migrations": (repository / "migrations", "*.py"),
        "hub/static": (repository / "hub" / "static", "*.*"),
        "hub/codes": (repository / "hub" / "codes", "*.csv"),
        "hub/places": (repository / "hub" / "places", "*.*"),
        "hub/demo/files": (repository / "hub" / "demo" / "files", "*.csv"),
        "hub/papers/fonts": (repository / "hub" / "papers" / "fonts", "*.*"),
        "hub/papers/typst": (repository / "hub" / "papers" / "typst", "*.typ"),
        "workflows/policy": (repository / "workflows" / "policy", "*.toml"),
    }
    for inside, (folder, pattern) in kinds.items():
        files = [path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts]
        assert files
        assert not [path for path in files if f"{inside}/{path.relative_to(folder).as_posix()}" not in names]
    assert not [name for name in names if name.startswith("tests/")]


def test_the_program_there_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "python", "-c", "import hub, workflows; print(hub.__file__, workflows.__file__)")
    assert all(path.startswith(str(installed.parent)) for path in where.split())


def test_commands_that_need_no_database(installed: Path, tmp_path: Path) -> None:
    assert "doctor" in run(installed, tmp_path, "hub", "--help")
    said = run(installed, tmp_path, "hub", "clock", "5 working days", "--from", "2026-04-02T16:30")
    assert "Due Monday 13 April 2026, 5pm" in said
    assert "commissioning" not in run(installed, tmp_path, "hub", "--version")


def test_it_migrates_an_embedded_database_and_renders_a_page(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "hub", "migrate").startswith("The database is now at ")
    run(installed, tmp_path, "python", "-c", RENDER)
