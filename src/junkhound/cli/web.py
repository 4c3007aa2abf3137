"""``junkhound web``: the operator's pages, and the public ones."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import click

from junkhound.cli import show
from junkhound.verbs.office import Office, open_office


@click.command()
@click.option("--listen", metavar="ADDRESS:PORT", help="Where the operator's pages are; default: [web] listen.")
@click.option("--public", metavar="ADDRESS:PORT", help="Serve the public pages there too; default: [web] public, off.")
@click.option("--only", type=click.Choice(["operator", "public"]), help="Serve one of the two, in this process.")
@click.option("--link", is_flag=True, help="Print a new one-time link to the pages that are served already, and end.")
@click.option("--next", "after", metavar="PATH", default="/", help="With a link: the page it leads to.")
@click.option("--at", metavar="WHEN", help="The moment that every page speaks of; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the links as JSON, a line each.")
@click.pass_obj
def command(
    where: dict[str, Any], listen: str | None, public: str | None, only: str | None, link: bool, after: str,
    at: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Serve the operator's pages on this machine until Ctrl-C, and print a link that lets one browser in, once.

    They answer on loopback only. The public pages (why an address is listed, and the published files) are a
    process of their own and off until a place is named for them.

    \b
    Examples:
      junkhound web
      junkhound web --listen 127.0.0.1:9000 --at 2026-01-01
      junkhound web --link --next /address/192.0.2.7
    """
    web = importlib.import_module("junkhound.web")  # the other face: this one only starts it
    office = open_office(**where, at=at)
    settings = office.config
    place = web.place_of(listen or settings.web.listen, "[web] listen", loopback=True)
    if link:
        _print_link(office, place.url, after, as_json)
        return
    outside = public if public is not None else settings.web.public
    if only == "public":
        _serve_public(web, office, outside, as_json, at)
        return
    child = _public_process(where, outside, at, as_json) if outside and only is None else None
    try:
        listening = web.serving.bound(place)
        place = web.Place(place.host, listening.getsockname()[1])
        moment = None if at is None else office.now
        app = web.operator_app(settings, moment, place.port)
        web.serve(app, listening, lambda: _print_link(office, place.url, after, as_json))
    finally:
        if child is not None:
            child.terminate()
            child.wait()


def _print_link(office: Office, url: str, after: str, as_json: bool) -> None:
    from junkhound.verbs.access import Doors

    more = "" if after == "/" else f"&next={quote(after, safe='/')}"
    link = f"{url}/enter?token={Doors(office.config).link()}{more}"
    if as_json:
        show({"operator": url, "link": link, "hours": office.config.web.link_hours})
    else:
        print(f"open {link}\n     (lets one browser in, once; another: junkhound web --link)", flush=True)
    sys.stdout.flush()


def _serve_public(web: Any, office: Office, words: str, as_json: bool, at: str | None) -> None:
    place = web.place_of(words or "127.0.0.1:8026", "[web] public", loopback=False)
    listening = web.serving.bound(place)
    place = web.Place(place.host, listening.getsockname()[1])

    def tell() -> None:
        if as_json:
            show({"public": place.url})
        else:
            print(f"public pages at {place.url}", flush=True)
        sys.stdout.flush()

    web.serve(web.public_app(office.config, None if at is None else office.now), listening, tell)


def _public_process(where: dict[str, Any], words: str, at: str | None, as_json: bool) -> subprocess.Popen[bytes]:
    """The public pages in a process of their own, which has no ledger open."""
    given = [f"--{name}={value}" for name, value in where.items() if value]
    more = ["web", "--only", "public", "--public", words, *([f"--at={at}"] if at else [])]
    more += ["--json"] if as_json else []
    return subprocess.Popen([sys.executable, "-m", "junkhound", *given, *more])  # noqa: S603 - our own program
