"""The commands about ways in for programs and screens; every one hands back its exit code.

They are for a machine without a browser. What they do stands in the log of changes like what the
page does.
"""

import argparse
from collections.abc import Callable
from datetime import timedelta

from bot.accounts import STAFF, new_grant
from bot.app import App
from bot.clocks import RealClock
from bot.office import note
from bot.settings import Settings
from bot.wording.speak import say, say_date
from domain.person import SYSTEM
from storage.access import Grant
from storage.ledger import Ledger

With = Callable[[Settings, Callable[[App], int]], int]
KINDS = ("token", "kiosk")
SHOWN = 12
"""Letters of a key that name it; it opens nothing."""


def declare(token: argparse.ArgumentParser, kiosk: argparse.ArgumentParser) -> None:
    """What can be typed behind `token` and `kiosk`."""
    sub = token.add_subparsers(dest="what", required=True)
    make = sub.add_parser("make", help="a token for a program; shown once")
    make.add_argument("name")
    make.add_argument("--person", required=True, help="whose rights it has")
    make.add_argument("--days", type=int, default=0, help="after how many it ends; 0 for never")
    sub.add_parser("list", help="tokens and kiosks that live")
    end = sub.add_parser("revoke", help="end one, by the beginning of its key")
    end.add_argument("key")
    wall = kiosk.add_subparsers(dest="what", required=True)
    wall.add_parser("make", help="the board's address for a screen; shown once").add_argument(
        "label"
    )


def run(settings: Settings, args: argparse.Namespace, with_app: With) -> int:
    """Do what was typed."""
    language = settings.language
    if args.command == "kiosk":
        return with_app(settings, lambda app: _kiosk(app, language, args.label.strip()))
    match args.what:
        case "make":
            return with_app(settings, lambda app: _token(app, language, args))
        case "list":
            return with_app(settings, lambda app: _list(app, language))
        case _:
            return with_app(settings, lambda app: _revoke(app, language, args.key.strip()))


def _token(app: App, language: str, args: argparse.Namespace) -> int:
    name, now = args.name.strip(), RealClock().now()
    if not name:
        print(say(language, "tokens.label"))
        return 1
    if not 0 <= args.days <= 3650:
        print(say(language, "tokens.days"))
        return 1

    def act(ledger: Ledger) -> str:
        person = ledger.person(args.person)
        if person is None or person.role not in STAFF:
            return ""
        note(ledger, now, SYSTEM, "token-made", label=name[:80])
        lasts = timedelta(days=args.days) if args.days else None
        return new_grant(ledger, "token", person.id, name, now, lasts)

    secret = app.store.now(act)
    if not secret:
        print(say(language, "tokens.nobody", id=args.person))
        return 1
    print(say(language, "tokens.made"))
    print(secret)
    return 0


def _kiosk(app: App, language: str, label: str) -> int:
    if not label:
        print(say(language, "tokens.label"))
        return 1

    def act(ledger: Ledger) -> str:
        note(ledger, RealClock().now(), SYSTEM, "kiosk-made", label=label[:80])
        return new_grant(ledger, "kiosk", "", label, RealClock().now(), None)

    secret = app.store.now(act)
    print(say(language, "tokens.made"))
    print(f"{app.settings.base_url}/board?kiosk={secret}")
    return 0


def _living(app: App) -> list[Grant]:
    now = RealClock().now()
    found: list[Grant] = app.store.now(lambda ledger: ledger.access.living(now))
    return [grant for grant in found if grant.kind in KINDS]


def _list(app: App, language: str) -> int:
    found = _living(app)
    zone = app.settings.zone
    for grant in found:
        ends, used = grant.expires_at, grant.used_at
        until = f"{ends.astimezone(zone):%Y-%m-%d}" if ends else ""
        columns = (
            grant.key[:SHOWN],
            grant.kind,
            grant.person or "-",
            say(language, "tokens.until", date=until) if ends else say(language, "tokens.endless"),
            say(language, "tokens.used", date=say_date(language, used, zone))
            if used
            else say(language, "tokens.unused"),
            grant.label,
        )
        print("  ".join(columns))
    if not found:
        print(say(language, "tokens.none"))
    return 0


def _revoke(app: App, language: str, key: str) -> int:
    found = [grant for grant in _living(app) if key and grant.key.startswith(key.lower())]
    if len(found) != 1:
        print(say(language, "tokens.several" if found else "tokens.lost", begins=key))
        return 1
    grant, now = found[0], RealClock().now()

    def act(ledger: Ledger) -> None:
        ledger.access.revoke(grant.key, now)
        note(ledger, now, SYSTEM, f"{grant.kind}-ended", label=grant.label, who=grant.person)

    app.store.now(act)
    print(say(language, "tokens.ended", label=grant.label))
    return 0
