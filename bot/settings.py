"""One frozen Settings from the environment and `.env`. Every key stands in `.env.example`."""

import os
import secrets
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.wording.speak import LANGUAGES
from domain.calendar import week_from_text

VERSION = "0.1.0"
SHORTEST = 24
"""Characters of a key for sealing: 18 random bytes in base64."""


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


POSTGRES = "postgresql+psycopg://"
"""How the address of a PostgreSQL database begins."""


class Settings(BaseSettings):
    """What can be set from outside; the defaults run the sandbox on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="VITRINE_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Path("var")
    database_url: str = Field(default="", repr=False)
    database_portable: bool = False
    timezone: str = "Asia/Shanghai"
    language: str = "zh-CN"
    factory: str = "Vitrine"
    public_url: str = ""
    secret_key: str = Field(default="", repr=False)
    encryption_key: str = Field(default="", repr=False)
    retention_messages: int = Field(default=180, ge=1)
    retention_looks: int = Field(default=730, ge=30)
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    link_days: int = Field(default=180, ge=1)
    proxies: int = Field(default=0, ge=0, le=9)
    sandbox: bool = False
    sandbox_history: bool = False
    work_week: str = "Mon-Sat 08:30-18:00"
    standup: str = "08:30"
    api_token: str = Field(default="", repr=False)
    log_level: str = "INFO"
    log_format: Literal["", "text", "json"] = ""
    limits: str = ""
    escalation: str = ""

    telegram_token: str = Field(default="", repr=False)
    telegram_base_url: str = "https://api.telegram.org"
    telegram_proxy: str = Field(default="", repr=False)
    telegram_webhook_secret: str = Field(default="", repr=False)

    feishu_app_id: str = ""
    feishu_app_secret: str = Field(default="", repr=False)
    feishu_base_url: str = "https://open.feishu.cn"
    feishu_mode: Literal["websocket", "webhook"] = "websocket"
    feishu_encrypt_key: str = Field(default="", repr=False)
    feishu_verification_token: str = Field(default="", repr=False)
    feishu_monthly_calls: int = 0

    wecom_bot_id: str = ""
    wecom_bot_secret: str = Field(default="", repr=False)
    wecom_ws_url: str = "wss://openws.work.weixin.qq.com"
    wecom_group_webhook: str = Field(default="", repr=False)
    wecom_group_chat: str = ""
    wecom_corp_id: str = ""
    wecom_agent_id: str = ""
    wecom_agent_secret: str = Field(default="", repr=False)
    wecom_token: str = Field(default="", repr=False)
    wecom_aes_key: str = Field(default="", repr=False)
    wecom_base_url: str = "https://qyapi.weixin.qq.com"

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError) as error:
            raise ValueError("no such time zone") from error
        return value

    @field_validator("work_week")
    @classmethod
    def _week_reads(cls, value: str) -> str:
        week_from_text(value)
        return value

    @field_validator("standup")
    @classmethod
    def _clock_reads(cls, value: str) -> str:
        time.fromisoformat(value)
        return value

    @field_validator("language")
    @classmethod
    def _language_speaks(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("encryption_key")
    @classmethod
    def _key_is_strong(cls, value: str) -> str:
        if any(len(part) < SHORTEST for part in _parts(value)):
            raise ValueError(f"each key needs at least {SHORTEST} characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_served(cls, value: str) -> str:
        if value.startswith(POSTGRES):
            return value
        scheme, _, path = value.partition(":///")
        if value and (scheme.split("+")[0] != "sqlite" or not path):
            raise ValueError("it has to be sqlite:///FILE or postgresql+psycopg://…")
        return value

    @property
    def secrets(self) -> list[str]:
        """Every value that nobody may read in a log."""
        found = [n for n, told in Settings.model_fields.items() if not told.repr]
        return [
            part for name in found for part in (getattr(self, name), *_parts(getattr(self, name)))
        ]

    @property
    def encryption_keys(self) -> list[str]:
        """The keys given for sealing, the newest first; none if they are derived."""
        return _parts(self.encryption_key)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The factory's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> Path:
        """The SQLite file: in the data folder unless an address says otherwise."""
        if not self.database_url:
            return self.data_dir / "vitrine.db"
        return Path(self.database_url.partition(":///")[2])

    @property
    def shown(self) -> str:
        """Where the books are, for people: without a password."""
        books = self.books
        return without_password(books) if isinstance(books, str) else str(books)

    @property
    def books(self) -> Path | str:
        """Where the books are: the SQLite file, or the address of a PostgreSQL database."""
        return self.database_url if self.database_url.startswith(POSTGRES) else self.database

    @property
    def address(self) -> str:
        """Where this machine reaches our pages."""
        shown = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return f"http://{shown}:{self.http_port}/"

    @property
    def base_url(self) -> str:
        """The address that links begin with."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach us."""
        return self.http_host in ("127.0.0.1", "localhost", "::1")


def without_password(url: str) -> str:
    """Where a PostgreSQL database is, for people: its place, nothing of who comes in and how."""
    head, _, query = url.partition("?")
    if "@" in query:  # where the password ends is anybody's guess
        return "on PostgreSQL"
    place = head.rpartition("@")[2].rpartition("://")[2]
    told = [p for p in query.split("&") if p.partition("=")[0] in ("host", "hostaddr", "port")]
    return f"at {place}{'?' if told else ''}{'&'.join(told)}"


def unplugged(settings: Settings) -> Settings:
    """The same factory without its doors: no sandbox, no platforms. For commands on the books."""
    platforms = ("telegram_", "feishu_app", "feishu_encrypt", "wecom_")
    plugs = [n for n in Settings.model_fields if n.startswith(platforms)]
    off = {n: Settings.model_fields[n].default for n in plugs}
    return settings.model_copy(update={"sandbox": False, "limits": "", **off})


def secret_key(settings: Settings) -> bytes:
    """The key behind links and photo addresses: from the settings, else made once in the data
    folder.
    """
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_urlsafe(48).encode())
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes().strip()
