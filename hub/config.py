"""Every setting of the hub, read from the environment; a missing one that production needs fails at start."""

import secrets
from functools import cache
from pathlib import Path
from typing import Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    trusted_proxies: int = 0
    """How many reverse proxies stand in front and may say who the client is."""

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.production:
            absent = [
                f"HUB_{name.upper()}" for name in ("secret_key", "database_url", "hosts") if not getattr(self, name)
            ]
            if absent:
                raise ValueError(f"a production hub needs {', '.join(absent)}")
            if self.demo:
                raise ValueError("HUB_DEMO shows sign-ins to everybody, so it cannot be on in production")
            self.secure_cookies = True
        return self

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
