"""Rules about the text of the program, checked by reading it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

MOST_LINES = 400
INLINE = r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*nonce=)"
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager"}
ROOTS = ("workflows", "hub", "templates", "migrations", "tests")
# A migration is a record of what was done, as long as it was; vendored files are not ours.
NOT_MEASURED = ("migrations/versions/", "hub/static/vendor/")


def _ours(repository: Path, *suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOTS],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = [repository / name for name in listed if Path(name).suffix in suffixes]
    assert found, f"no file with {suffixes} was found, so nothing was checked"
    return [path for path in found if path.exists()]


def _modules(repository: Path) -> list[Path]:
    return [path for path in _ours(repository, ".py") if "migrations" not in path.parts]


def test_no_file_outgrows_its_room(repository: Path) -> None:
    too_long = []
    for path in _ours(repository, ".py", ".html", ".css", ".js"):
        name = str(path.relative_to(repository))
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > MOST_LINES and not name.startswith(NOT_MEASURED):
            too_long.append(f"{name}: {length}")
    assert not too_long


def test_no_file_has_a_name_that_says_nothing(repository: Path) -> None:
    assert not [path for path in _modules(repository) if path.stem in FORBIDDEN_NAMES and "templates" not in path.parts]


def test_every_module_begins_with_one_line_that_says_what_it_is(repository: Path) -> None:
    silent = []
    for path in _modules(repository):
        text = path.read_text(encoding="utf-8")
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(repository)))
    assert not silent


def test_every_public_class_and_function_of_the_program_says_what_it_does(repository: Path) -> None:
    silent = []
    for path in _modules(repository):
        if path.is_relative_to(repository / "tests"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                silent.append(f"{path.relative_to(repository)}: {node.name}")
    assert not silent


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\.values\([^)]*\bstate=", "only the engine sets a state"),
        (r"\bSET state\b", "only the engine sets a state"),
    ],
)
def test_only_the_engine_sets_a_state(repository: Path, pattern: str, why: str) -> None:
    found = [
        str(path.relative_to(repository))
        for path in _modules(repository)
        if path.is_relative_to(repository / "hub")
        and not path.is_relative_to(repository / "hub/engine")
        and re.search(pattern, path.read_text(encoding="utf-8"))
    ]
    assert not found, why


def test_only_transaction_commits(repository: Path) -> None:
    found = [
        str(path.relative_to(repository))
        for path in _modules(repository)
        if path.is_relative_to(repository / "hub")
        and path.name not in {"db.py", "migrate.py"}
        and re.search(r"\.commit\(\)", path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_views_hold_no_query_and_no_rule(repository: Path) -> None:
    views = [path for path in _modules(repository) if path.name == "views.py"]
    assert views
    found = [
        f"{path.relative_to(repository)}: {match}"
        for path in views
        for match in re.findall(r"\bselect\(|if .*\.state ==", path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_templates_hold_no_style_and_no_script_of_their_own(repository: Path) -> None:
    found = [
        f"{path.relative_to(repository)}: {match}"
        for path in _ours(repository, ".html")
        for match in re.findall(INLINE, path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_nothing_names_a_package_host(repository: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    pattern = re.compile(r"--index-url|--extra-index-url|pypi\.o" + r"rg|registry\.npmj" + r"s")
    found = [
        name
        for name in listed
        if (repository / name).exists()
        and (repository / name).suffix in {".txt", ".toml", ".md", ".py", ".json", ".yml", ""}
        and name != "tests/architecture/test_sources.py"
        and pattern.search((repository / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert not found
