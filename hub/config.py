"""Every setting of the hub, read from the environment; a missing one that production needs fails at start."""

import re
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OUTGOING = "outgoing"
"""Inside the data folder: what leaves the hub as files."""


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOTIFY_KEY = re.compile(rf"(^|-){_UUID.pattern}-{_UUID.pattern}$")


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
    mail_via: Literal["smtp", "notify"] = "smtp"
    """Who carries e-mail: a mail server, or GOV.UK Notify."""
    notify_api_key: SecretStr | None = None
    """A key of the GOV.UK Notify service, as its page shows it: name, service and secret, joined by hyphens."""
    notify_template: str | None = None
    """The id of its template, whose subject is ((subject)) and whose message is ((body))."""
    notify_url: str = "https://api.notifications.service.gov.uk"
    smtp_url: SecretStr | None = None
    """Where e-mail is handed over: smtp://user:password@host:587 or smtps://...; unset, it is written to files."""
    mail_from: str | None = None
    """The address that e-mail comes from."""
    address: str | None = None
    """The public address of the hub, such as https://hub.example.nhs.uk: links in e-mail begin with it."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front and may say who the client is."""
    log: Literal["json", "text"] = "json"
    """How a process writes its log to stderr: a JSON object a line, or for people at a terminal what went wrong."""
    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    """Who sends it as a bearer token may read /metrics from elsewhere; unset, only this machine may."""

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.address and not self.address.startswith(("https://", "http://")):
            raise ValueError("HUB_ADDRESS must begin with https://, such as https://hub.example.nhs.uk")
        if self.mail_via == "notify" and (wrong := self._wrong_with_notify()):
            raise ValueError(wrong)
        if self.production:
            absent = [
                f"HUB_{name.upper()}" for name in ("secret_key", "database_url", "hosts") if not getattr(self, name)
            ]
            if absent:
                raise ValueError(f"a production hub needs {', '.join(absent)}")
            if self.sends_mail and (unset := self.missing_for_mail()):
                raise ValueError(f"a production hub that sends e-mail needs {', '.join(unset)}")
            if self.demo:
                raise ValueError("HUB_DEMO shows sign-ins to everybody, so it cannot be on in production")
            self.secure_cookies = True
        return self

    def _wrong_with_notify(self) -> str:
        """What is missing or wrong with the settings for GOV.UK Notify, in words without the key; "" for nothing."""
        if absent := self.missing_for_mail():
            return f"HUB_MAIL_VIA is “notify”, so the hub needs {', '.join(absent)}"
        given = self.notify_api_key.get_secret_value() if self.notify_api_key else ""
        if not _NOTIFY_KEY.search(given):
            return "HUB_NOTIFY_API_KEY must be a whole key of GOV.UK Notify: a name and two long ids, joined by hyphens"
        if not _UUID.fullmatch(self.notify_template or ""):
            return "HUB_NOTIFY_TEMPLATE must be the id of a template, such as 9d751e0e-f929-4891-82a1-a3e1c3c18ee3"
        if not self.notify_url.startswith(("https://", "http://127.0.0.1:")):
            return "HUB_NOTIFY_URL must begin with https://"
        return ""

    @property
    def sends_mail(self) -> bool:
        """Whether e-mail leaves the hub at all."""
        return self.mail_via == "notify" or self.smtp_url is not None

    @property
    def mail_folder(self) -> Path | None:
        """Where e-mail is written instead of being sent, for a hub to try; None when it is sent."""
        return None if self.sends_mail or self.production else self.data_dir / OUTGOING

    def missing_for_mail(self) -> list[str]:
        """The settings that are still unset and without which e-mail cannot leave."""
        by_notify = ("notify_api_key", "notify_template", "address")
        needed = by_notify if self.mail_via == "notify" else ("smtp_url", "mail_from", "address")
        return [f"HUB_{name.upper()}" for name in needed if not getattr(self, name)]

    def key(self) -> str:
        """The key that signs cookies: the setting, else one made once and kept in the data folder."""
        if self.secret_key:
            return self.secret_key.get_secret_value()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / "secret-key"
        if not path.exists():
            # Whole or not at all: of several processes that start at once, one makes it and none reads an empty one.
            made = path.with_name(f"secret-key-{secrets.token_hex(8)}")
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(48), encoding="ascii")
            with suppress(FileExistsError):
                path.hardlink_to(made)
            made.unlink()
        return path.read_text(encoding="ascii")


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    try:
        return Settings()
    except ValidationError as error:
        said = "; ".join(str(problem["msg"]).removeprefix("Value error, ") for problem in error.errors())
        raise SettingsError(f"The hub cannot start: {said}") from error
