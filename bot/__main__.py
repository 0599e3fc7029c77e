"""python -m bot: run, understand, import, export, verify, backup, restore, migrate, doctor…"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from bot import bench, commands, logs, moving
from bot import commands_access as access
from bot import commands_privacy as private
from bot.doctor import doctor
from bot.settings import Settings, secret_key


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    sub = top.add_subparsers(dest="command", required=True)
    sub.add_parser("run", help="serve; VITRINE_SANDBOX=1 with the sandbox")
    ask = sub.add_parser("understand", help="cases on standard input, decisions on standard output")
    ask.add_argument("--world", type=Path, required=True)
    take = sub.add_parser("import", help="orders from .csv, .xlsx, .xls")
    take.add_argument("file", type=Path)
    take.add_argument("--dry-run", action="store_true")
    give = sub.add_parser("export", help="orders to .csv, orders and events to .xlsx")
    give.add_argument("file", type=Path)
    give.add_argument("--private", action="store_true", help="with contacts, prices and cost")
    proof = sub.add_parser("verify", help="replay the event log against what is stored")
    proof.add_argument("order", nargs="?", default="", help="one order alone")
    keep = sub.add_parser("backup", help="one consistent file, while running")
    keep.add_argument("file", type=Path)
    back = sub.add_parser("restore", help="into an empty data folder")
    back.add_argument("file", type=Path)
    sick = sub.add_parser("doctor", help="what works, what does not, and the switch to turn")
    sick.add_argument("--json", action="store_true", help="one object, for machines")
    invite = sub.add_parser("invite", help="a one-time code that lets an admin in by chat")
    invite.add_argument("name")
    route = sub.add_parser("route", help="take a route template (or a TOML file) into use")
    route.add_argument("template", nargs="?", default="")
    bench = sub.add_parser("bench", help="the benchmarks, a JSON object a line")
    bench.add_argument("names", nargs="*")
    dead = sub.add_parser("letters", help="messages that could not be sent; --resend ID")
    dead.add_argument("--resend", type=int, default=0)
    move = sub.add_parser("migrate", help="the factory from SQLite to PostgreSQL")
    move.add_argument("--to", required=True, metavar="postgresql+psycopg://…")
    turn = sub.add_parser("rotate-key", help="new data keys, and what is sealed sealed anew")
    turn.add_argument("--rewrap", action="store_true", help="after changing VITRINE_ENCRYPTION_KEY")
    access.declare(
        sub.add_parser("token", help="tokens for programs: make, list, revoke"),
        sub.add_parser("kiosk", help="an address for the board on a wall: make"),
    )
    _privacy(sub.add_parser("privacy", help="what is held of a customer; hand it over, erase it"))
    return top


def _privacy(top: argparse.ArgumentParser) -> None:
    sub = top.add_subparsers(dest="what", required=True)
    give = sub.add_parser("export", help="everything held about one customer, as a ZIP")
    give.add_argument("customer")
    give.add_argument("file", type=Path)
    drop = sub.add_parser("erase", help="forget a customer; without --yes: what that would do")
    drop.add_argument("customer")
    drop.add_argument("--yes", action="store_true")
    drop.add_argument("--photos", action="store_true", help="the photos of their orders as well")
    sub.add_parser("report", help="what is held, how old, and what will go")


def _privately(settings: Settings, args: argparse.Namespace) -> int:
    match args.what:
        case "export":
            return private.export(settings, args.customer, args.file, commands.with_app)
        case "erase":
            return private.erase(
                settings, args.customer, commands.with_app, sure=args.yes, photos=args.photos
            )
        case _:
            return private.report(settings, commands.with_app)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    args = parser().parse_args(argv)
    if args.command == "understand":
        return commands.understand_lines(args.world, sys.stdin, sys.stdout)
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = "VITRINE_" + "_".join(str(part) for part in fault["loc"]).upper()
            print(f"{name}: {fault['msg']}", file=sys.stderr)
        return 2
    logs.set_up(
        settings.log_level,
        settings.log_format,
        settings.secrets,
        lambda: secret_key(settings),
        sys.stderr,
    )
    match args.command:
        case "run":
            return commands.serve(settings)
        case "import":
            return commands.take_file(settings, args.file, dry_run=args.dry_run)
        case "export":
            return commands.give_file(settings, args.file, private=args.private)
        case "verify":
            return commands.verify(settings, args.order)
        case "backup":
            return commands.backup(settings, args.file)
        case "restore":
            return commands.restore(settings, args.file)
        case "doctor":
            return doctor(settings, machine=args.json)
        case "invite":
            return commands.invite(settings, args.name)
        case "route":
            return commands.use_route(settings, args.template)
        case "letters":
            return commands.letters(settings, args.resend)
        case "migrate":
            return moving.migrate(settings, args.to)
        case "rotate-key":
            return private.rotate_key(settings, wrap_only=args.rewrap)
        case "token" | "kiosk":
            return access.run(settings, args, commands.with_app)
        case "privacy":
            return _privately(settings, args)
        case "bench":
            for row in bench.run(args.names):
                print(json.dumps(row), flush=True)
            return 0
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
