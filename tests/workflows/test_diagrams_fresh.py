"""The diagrams in docs are those of the definitions that run."""

from tests.workflows.draw_diagrams import FOLDER, drawings


def test_every_diagram_in_docs_is_fresh() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}
    assert on_disk == drawings(), "run `make diagrams`"
