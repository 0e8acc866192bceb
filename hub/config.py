"""Every setting of the hub, read from the environment; a missing one that production needs fails at start."""

import secrets
from functools import cache
from pathlib import Path
from typing import Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OUTGOING = "outgoing"
"""Inside the data folder: what leaves the hub as files."""


class SettingsError(Exception):
    """A setting is missing or wrong; the words say which and what to do."""


class Settings(BaseSettings):
    """Settings by environment variable, each with the prefix HUB_ (HUB_DATABASE_URL, HUB_DATA_DIR, ...)."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    database_url: str | None = None
    """A PostgreSQL address (15 or newer); unset, the embedded server in `data_dir` is used."""
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("commissioning-hub")))
    """Where the embedded database, the secret of this installation and stored files live."""
    production: bool = False
    """Refuses to start without a secret key, a database address and the host names it answers to."""
    demo: bool = False
    """Shows the demo sign-ins on the sign-in page; never with real people's data."""
    secret_key: SecretStr | None = None
    hosts: tuple[str, ...] = ()
    """Host names the hub answers to; empty answers to loopback names only, except in production."""
    secure_cookies: bool = False
    service_name: str = "Commissioning hub"
    service_place: str = "Calder and Dales"
    logo_path: str | None = None
    idle_minutes: int = 30
    absolute_hours: int = 12
    max_upload_bytes: int = 16 * 1024 * 1024
    max_document_bytes: int = Field(default=10 * 1024 * 1024, gt=0)
    """Of one document; `max_upload_bytes` is the limit of everything sent at once, and holds for one document too."""
    storage_url: str | None = None
    """Where documents are kept: file:///folder or s3://bucket/prefix; unset, in `data_dir`, which a backup carries."""
    storage_endpoint: str | None = None
    """Address of an S3-compatible service that is not Amazon's."""
    storage_region: str | None = None
    storage_key_id: str | None = None
    storage_secret_key: SecretStr | None = None
    clamd_url: str | None = None
    """The virus scanner: tcp://host:port or unix:/path; unset, documents are recorded as not scanned."""
    smtp_url: SecretStr | None = None
    """Where e-mail is handed over: smtp://user:password@host:587 or smtps://...; unset, it is written to files."""
    mail_from: str | None = None
    """The address that e-mail comes from."""
    address: str | None = None
    """The public address of the hub, such as https://hub.example.nhs.uk: links in e-mail begin with it."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front and may say who the client is."""

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.address and not self.address.startswith(("https://", "http://")):
            raise ValueError("HUB_ADDRESS must begin with https://, such as https://hub.example.nhs.uk")
        if self.production:
            absent = [
                f"HUB_{name.upper()}" for name in ("secret_key", "database_url", "hosts") if not getattr(self, name)
            ]
            if absent:
                raise ValueError(f"a production hub needs {', '.join(absent)}")
            if self.smtp_url and (unset := self.missing_for_mail()):
                raise ValueError(f"a production hub that sends e-mail needs {', '.join(unset)}")
            if self.demo:
                raise ValueError("HUB_DEMO shows sign-ins to everybody, so it cannot be on in production")
            self.secure_cookies = True
        return self

    @property
    def mail_folder(self) -> Path | None:
        """Where e-mail is written instead of being sent, for a hub to try; None when it is sent."""
        return None if self.smtp_url or self.production else self.data_dir / OUTGOING

    def missing_for_mail(self) -> list[str]:
        """The settings that are still unset and without which e-mail cannot be handed to a server."""
        return [f"HUB_{name.upper()}" for name in ("smtp_url", "mail_from", "address") if not getattr(self, name)]

    def key(self) -> str:
        """The key that signs cookies: the setting, else one made once and kept in the data folder."""
        if self.secret_key:
            return self.secret_key.get_secret_value()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / "secret-key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_text(encoding="ascii")


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    try:
        return Settings()
    except ValidationError as error:
        said = "; ".join(str(problem["msg"]).removeprefix("Value error, ") for problem in error.errors())
        raise SettingsError(f"The hub cannot start: {said}") from error
