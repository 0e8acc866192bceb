"""The key that signs cookies: processes that start at once on an empty folder all sign with the same one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from hub.config import Settings


def test_processes_that_start_at_once_have_one_whole_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, exists = Barrier(2), Path.exists

    def seen_together(path: Path) -> bool:
        found = exists(path)
        if path.name == "secret-key":
            gate.wait(10)
        return found

    monkeypatch.setattr(Path, "exists", seen_together)
    with ThreadPoolExecutor(2) as pool:
        keys = set(pool.map(lambda _: Settings(data_dir=tmp_path).key(), range(2)))
    assert len(keys) == 1 and len(keys.pop()) == 64
    assert [(each.name, oct(each.stat().st_mode)[-3:]) for each in tmp_path.iterdir()] == [("secret-key", "600")]
