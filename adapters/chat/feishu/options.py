"""What can be set about Feishu; every part may read it."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Options:
    """A self-built app of the tenant. Times are seconds; tests shorten them.

    `base_url` is open.feishu.cn, or open.larksuite.com for Lark. `monthly_calls` is the tenant's
    allowance of API calls, 0 for none. `commit_wait` is how long an event may take to be kept
    before we ask for it again: Feishu waits 3 s for an answer. `nonce_cap`, `interval_cap` and
    `ping_cap` bound what the server may ask of us in its ClientConfig.
    """

    app_id: str
    app_secret: str
    base_url: str = "https://open.feishu.cn"
    mode: str = "websocket"
    encrypt_key: str = ""
    verification_token: str = ""
    monthly_calls: int = 0
    call_timeout: float = 10.0
    connect_timeout: float = 5.0
    discovery_timeout: float = 10.0
    commit_wait: float = 2.5
    failure_pause: float = 0.3
    look_timeout: float = 0.8
    backoff_start: float = 1.0
    interval_cap: float = 60.0
    nonce_cap: float = 10.0
    ping_cap: float = 120.0
    silence_grace: float = 10.0
    refused_pause: float = 300.0
    fetch_pauses: tuple[float, ...] = (0.5, 2.0)
    signature_window: float = 300.0
    count_every: float = 1.0

    def flaw(self) -> str:
        """Why an adapter can't be built of this, in plain English; empty if it can."""
        if not self.app_id or not self.app_secret:
            return "Feishu needs both an app id and an app secret."
        if not _is_address(self.base_url):
            return (
                "Feishu's address in VITRINE_FEISHU_BASE_URL must be http:// or https:// with a "
                "host, like https://open.feishu.cn or https://open.larksuite.com."
            )
        if self.mode not in {"websocket", "webhook"}:
            return "Feishu's mode is either websocket or webhook."
        if self.mode == "webhook" and not (self.encrypt_key and self.verification_token):
            return (
                "Feishu's webhook mode needs both the encrypt key and the verification token: "
                "without them anybody could send us orders."
            )
        return ""


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
