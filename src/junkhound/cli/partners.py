"""``junkhound partners``: who may fetch lists and report sightings, and the listener they come to."""

from __future__ import annotations

import importlib
import socket
import sys
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.kernel.config_partners import TLPS
from junkhound.kernel.errors import Refused
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.ledger.partners import Partner
    from junkhound.verbs.office import Office


@click.group()
def command() -> None:
    """Share with partners: they fetch lists by TAXII 2.1 and guard packs, and their sensors report what they see.

    \b
    Examples:
      junkhound partners enroll north --may taxii
      junkhound partners enroll trap7 --may sensor --may evidence
      junkhound partners enroll mx1 --may guard
      junkhound partners serve
    """


@command.command("enroll")
@click.argument("name")
@click.option(
    "--may", multiple=True, type=click.Choice(["taxii", "sensor", "evidence", "guard"]), help="What; repeatable."
)
@click.option("--tlp", default="amber", show_default=True, type=click.Choice(TLPS), help="The most it is shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def enroll(where: dict[str, Any], name: str, may: tuple[str, ...], tlp: str, as_json: bool) -> None:
    """Let a partner in, and show its token once: only a hash of it is kept.

    \b
    Example:
      junkhound partners enroll trap7 --may sensor
    """
    from junkhound.verbs import partners

    made = partners.enroll(open_office(**where), name, may, tlp)
    if as_json:
        show({"name": made.name, "token": made.token, "may": made.may, "tlp": made.tlp})
        return
    print(f"{made.name} may {', '.join(made.may)}; its token, shown this once:")
    print(made.token)
    if "guard" in made.may:
        print("it also needs the key that packs are signed with: junkhound publish key")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def listed(where: dict[str, Any], as_json: bool) -> None:
    """Show all partners ever: what they may, and what they reported.

    \b
    Example:
      junkhound partners list
    """
    from junkhound.verbs import partners

    every = partners.every(open_office(**where))
    if as_json:
        show([_answer(one) for one in every])
        return
    if not every:
        print("no partners; junkhound partners enroll NAME lets one in")
    for one in every:
        until = f", revoked {clock.day_text(one.revoked_at)}" if one.revoked_at is not None else ""
        print(f"{one.name}: may {', '.join(sorted(one.may))}, TLP:{one.tlp.upper()},"
              f" since {clock.day_text(one.enrolled_at)}{until}")  # fmt: skip
        if one.last_at is not None:
            print(f"  reported {one.rows:,} sightings in {one.segments:,} segments, last {clock.text(one.last_at)}")


@command.command("revoke")
@click.argument("name")
@click.pass_obj
def revoke(where: dict[str, Any], name: str) -> None:
    """End a partner's access at once; what it reported stays.

    \b
    Example:
      junkhound partners revoke trap7
    """
    from junkhound.verbs import partners

    partners.revoke(open_office(**where), name)
    print(f"{name} has no access any more")


@command.command("serve")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where to; default: [partners] listen.")
@click.option("--json", "as_json", is_flag=True, help="Say where as JSON.")
@click.pass_obj
def serve(where: dict[str, Any], listen: str | None, as_json: bool) -> None:
    """Answer partners until stopped, in a process of its own; junkhound serve starts it where [partners] listen is set.

    Beyond this machine only under TLS.

    \b
    Example:
      junkhound partners serve --listen 127.0.0.1:8443
    """
    office = open_office(**where)
    web = importlib.import_module("junkhound.web")  # the other face: this one only starts it
    place = web.place_of(listen or office.config.partners.listen or "127.0.0.1:8443", "[partners] listen", False)
    tls = _certificate(office)
    if tls is None and not (place.host.startswith("127.") or place.host == "::1"):
        raise Refused("partners are answered beyond this machine under TLS only", "set [partners] certificate")
    listening = web.serving.bound(place)
    port = listening.getsockname()[1]
    host = f"[{place.host}]" if ":" in place.host else place.host

    def tell() -> None:
        url = f"{'https' if tls else 'http'}://{host}:{port}"
        if as_json:
            show({"partners": url, "certificate": tls and str(tls[0])})
        else:
            print(f"junkhound: partners at {url}, TAXII at {url}/taxii2/", file=sys.stderr)
        sys.stdout.flush()

    web.serve(web.partners_app(office), listening, tell, tls)


def _certificate(office: Office) -> tuple[str, str] | None:
    from junkhound.intake.tls import self_signed

    settings = office.config.partners
    if not settings.certificate:
        return None
    if settings.certificate != "self-signed":
        return settings.certificate, settings.key or settings.certificate
    name = settings.hostname or socket.gethostname()
    names = (f"DNS:{name}", "DNS:localhost", "IP:127.0.0.1", "IP:::1")
    certificate, key = self_signed(office.home / "keys", name, "partners", names)
    return str(certificate), str(key)


def _answer(one: Partner) -> dict[str, Any]:
    return {
        "name": one.name,
        "may": sorted(one.may),
        "tlp": one.tlp,
        "enrolled": clock.text(one.enrolled_at),
        "revoked": one.revoked_at and clock.text(one.revoked_at),
        "segments": one.segments,
        "sightings": one.rows,
        "last": one.last_at and clock.text(one.last_at),
    }
