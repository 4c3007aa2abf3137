"""What the operator of a world's traps would write down: settings for Junkhound, and a route table to import."""

from __future__ import annotations

from collections.abc import Iterable

from spamworld.world.facts import Intake, Network

HEAD = """\
# The traps and mailboxes of a simulated world, as their operator would state them. Made by spamworld.
# Junkhound reads this with --config; nothing here says who sent what.

[network]
allow_documentation = true

[lists.main]
scope = "public"
"""


CLOUD = "2001:db8::/32"  # where the grammar of such a provider has its inner servers


def domains(intake: Intake) -> list[str]:
    """The mail domains of an intake, in order."""
    found = {address.rpartition("@")[2] for addresses in intake.addresses.values() for address in addresses}
    return sorted(found)


def kind(intake: Intake) -> str:
    """The kind of trap that most of its addresses are."""
    return max(sorted(intake.addresses), key=lambda name: len(intake.addresses[name])) or "pristine"


def stated(intake: Intake) -> list[str]:
    """The relays as their operator states them; of a big provider also names and network of its inner servers."""
    found = [one.address for one in intake.relays] + [one.name for one in intake.relays]
    for one in intake.relays:
        if one.software == "microsoft-365":
            found += [f".{one.name.partition('.')[2]}", CLOUD]
    return found


def settings(intakes: Iterable[Intake]) -> str:
    """The settings file."""
    parts = [HEAD]
    for intake in intakes:
        trap = intake.kind == "trap"
        lines = [f"[{'traps' if trap else 'mailboxes'}.{_key(intake.name)}]"]
        if trap:
            lines += [f"domains = {_texts(domains(intake))}", f'kind = "{kind(intake)}"']
        if intake.relays:
            lines.append(f"relays = {_texts(dict.fromkeys(stated(intake)))}")
            lines.append(f'country = "{intake.relays[0].country}"')
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def routes(networks: Iterable[Network]) -> bytes:
    """The networks of the world as CSV: network, number, organisation, country, type."""
    rows = ["network,asn,org,country,type"]
    types = {
        "access": "isp",
        "hosting": "hosting",
        "bulletproof": "hosting",
        "mobile": "mobile",
        "enterprise": "business",
    }
    for one in networks:
        held = [str(prefix) for prefix in one.prefixes] + ([one.prefix6] if one.prefix6 else [])
        name = one.name.replace('"', "")
        name = f'"{name}"' if "," in name else name
        rows += [f"{network},AS{one.asn},{name},{one.country},{types.get(one.role, '')}" for network in held]
    return ("\n".join(rows) + "\n").encode()


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else f'"{name}"'


def _texts(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
