"""Where bytes are kept: a folder and a real S3-speaking server; never a row without bytes; doctor and backup."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from moto.server import ThreadedMotoServer
from pydantic import SecretStr
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.cli import main
from hub.cli.document_checks import check_documents
from hub.config import Settings, SettingsError, settings
from hub.db import transaction
from hub.documents.intake import Intake, intake_of
from hub.documents.models import Document
from hub.documents.storage import BytesMissing, Folder, Storage, StorageDown, default_folder, storage_of
from hub.documents.views import use
from hub.engine.perform import perform
from tests.factories import NOW, actor_of, make_actor, make_membership, make_referral
from tests.features.test_document_uploads import send
from workflows.roles import Role

BYTES = b"the bytes of a letter"
HASH = sha256(BYTES).hexdigest()
PLACE = f"{HASH[:2]}/{HASH[2:4]}/{HASH}"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Settings]:
    """Settings of a bucket at a server of this machine that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket="papers")
    yield Settings(
        storage_url="s3://papers/hub",
        storage_endpoint=address,
        storage_key_id="key",
        storage_secret_key=SecretStr("secret"),
    )
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_of(Settings(storage_url=f"file://{tmp_path}/kept"))
    return storage_of(request.getfixturevalue("bucket"))


def test_bytes_are_kept_once_under_their_hash(storage: Storage) -> None:
    data = BYTES + type(storage).__name__.encode()
    key = sha256(data).hexdigest()
    assert not storage.has(key, len(data))
    with pytest.raises(BytesMissing, match="nothing is kept"):
        storage.read(key)
    assert storage.keep(data) == storage.keep(data) == key
    assert storage.has(key, len(data)) and not storage.has(key, len(data) - 1)
    assert storage.read(key) == data
    with pytest.raises(ValueError, match="not a SHA-256"):
        storage.read("../../secret-key")


def test_a_bucket_keeps_under_its_prefix_and_a_half_is_written_again(bucket: Settings) -> None:
    store = storage_of(bucket)
    store.keep(BYTES)
    assert bucket.storage_endpoint is not None
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=bucket.storage_endpoint, **keys)
    assert client.head_object(Bucket="papers", Key=f"hub/{PLACE}")["ContentLength"] == len(BYTES)
    client.put_object(Bucket="papers", Key=f"hub/{PLACE}", Body=b"other" + BYTES[5:])
    with pytest.raises(BytesMissing, match="was changed"):
        store.read(HASH)
    client.put_object(Bucket="papers", Key=f"hub/{PLACE}", Body=b"half")
    store.keep(BYTES)
    assert store.read(HASH) == BYTES


def test_a_folder_is_private_and_a_half_written_file_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path / "kept")
    folder.keep(BYTES)
    path = folder.path / PLACE
    assert [each.stat().st_mode & 0o777 for each in (folder.path, path.parent, path)] == [0o700, 0o700, 0o600]
    path.write_bytes(b"half")
    folder.keep(BYTES)
    assert path.read_bytes() == BYTES

    def dies(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", dies)
    with pytest.raises(StorageDown, match="no space left"):
        folder.keep(b"more")
    assert [each.name for each in folder.path.rglob("*") if each.is_file()] == [HASH]
    path.parent.chmod(0o700)
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageDown):
        folder.read(HASH)


@pytest.mark.parametrize("url", ["papers", "file:papers", "file://host/papers", "s3://", "ftp://x/y"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="HUB_STORAGE_URL must be"):
        storage_of(Settings(storage_url=url))


def test_a_storage_that_is_away_leaves_no_row_and_says_try_again(
    session: Session, app: Flask, client: FlaskClient, sign_in: Callable[..., None], bucket: Settings, tmp_path: Path
) -> None:
    reference = make_referral(session, "in_review").reference
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    use(app, intake_of(bucket))
    assert send(client, reference, ("kept.txt", b"in the bucket")).status_code == 303
    document = session.scalars(select(Document)).one()
    assert client.get(f"/documents/{document.id}/kept.txt").data == b"in the bucket"
    away = bucket.model_copy(update={"storage_url": "s3://no-such-bucket"})
    use(app, intake_of(away))
    answer = send(client, reference, ("lost.txt", b"nowhere"))
    said = "“lost.txt” could not be kept just now, so it was not added. Try again in a few minutes"
    assert answer.status_code == 422 and said in answer.text
    assert session.scalar(select(func.count()).select_from(Document)) == 1
    in_the_way = tmp_path / "in the way"
    in_the_way.write_text("a file where the folder should be")
    use(app, Intake(Folder(in_the_way), None, 1000))
    assert client.get(f"/documents/{document.id}/kept.txt").status_code == 503


def test_a_process_that_dies_leaves_an_orphan_at_most(session: Session, tmp_path: Path) -> None:
    item, manager = make_referral(session, "in_review"), make_actor(session, Role.CASE_MANAGER)
    intake = Intake(Folder(tmp_path), None, 1000)
    with pytest.raises(KeyboardInterrupt), transaction(session):
        kept = intake.take_in("Letter.txt", BYTES)
        values = {"document": kept, "audience": "hub"}
        perform(session, item, "add_document", manager, now=NOW, values=values)
        raise KeyboardInterrupt
    assert intake.storage.has(HASH, len(BYTES))
    assert session.scalar(select(func.count()).select_from(Document)) == 0


def test_the_doctor_names_documents_whose_bytes_are_missing(session: Session, tmp_path: Path) -> None:
    chosen = Settings(data_dir=tmp_path)
    item, manager = make_referral(session, "in_review"), make_actor(session, Role.CASE_MANAGER)
    intake = intake_of(chosen)
    for number in range(7):
        kept = intake.take_in("Letter.txt", BYTES * (number + 1))
        perform(session, item, "add_document", manager, now=NOW, values={"document": kept, "audience": "hub"})

    def said(**changes: object) -> dict[str, str]:
        found = check_documents(session, chosen.model_copy(update=changes))
        return {each.about: f"{each.found}|{each.mend}" for each in found}

    well = said()
    assert well["Documents"] == "7 kept in the data folder, none missing|"
    assert well["Virus scanner"] == "none is set; 7 documents were not scanned|"
    assert said(production=True)["Virus scanner"].endswith("|Set HUB_CLAMD_URL to a clamd")
    (default_folder(chosen) / PLACE).unlink()
    first = session.scalars(select(Document.id).order_by(Document.id)).first()
    assert said()["Documents"] == (
        f"1 missing in the data folder: document {first} of {item.reference}|Put them back from a backup"
    )
    elsewhere = said(data_dir=tmp_path / "elsewhere", clamd_url=f"unix:{tmp_path}/none")
    assert elsewhere["Documents"].startswith("7 missing") and " and 2 more|" in elsewhere["Documents"]
    assert "Until then no document is taken" in elsewhere["Virus scanner"]
    wrong = said(storage_url="ftp://x", clamd_url="x")
    assert {each.partition("|")[2] for each in wrong.values()} == {"Correct the environment variable"}
    nobody = {"storage_endpoint": "http://127.0.0.1:9", "storage_key_id": "k", "storage_secret_key": SecretStr("s")}
    gone = said(storage_url="s3://none", **nobody)
    assert "Start it, or correct HUB_STORAGE_URL" in gone["Documents"]


def test_a_backup_carries_the_bytes(committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(data_dir=tmp_path / "data")
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        item, manager = make_referral(session, "in_review"), make_membership(session, Role.CASE_MANAGER)
        kept = intake_of(chosen).take_in("Letter.txt", BYTES)
        values = {"document": kept, "audience": "hub"}
        perform(session, item, "add_document", actor_of(manager), now=NOW, values=values)
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUB_DATA_DIR", str(chosen.data_dir))
    said = []
    for name, storage_url in (("one", None), ("two", f"file://{tmp_path}/elsewhere")):
        if storage_url:
            monkeypatch.setenv("HUB_STORAGE_URL", storage_url)
        settings.cache_clear()
        result = CliRunner().invoke(main, ["backup", str(tmp_path / name)])
        assert result.exit_code == 0, result.output
        said.append("are not in this backup" in result.output)
    settings.cache_clear()
    assert (tmp_path / "one" / "files" / "documents" / PLACE).read_bytes() == BYTES
    assert said == [False, True]
