"""The rules of a list as sentences, for people and for the published criteria (RFC 6471 section 2.1)."""

from __future__ import annotations

from junkhound.listing.codes import HOLDS
from junkhound.listing.policy import APART_HOURS, WINDOW_HOURS, Policy
from junkhound.listing.ranges import DYNAMIC_TERMS, SNOWSHOE_TERMS
from junkhound.tables import Kind

_WHAT = {
    "direct": "machines that handed junk mail over themselves; servers of many people (webmail, providers' relays,"
    " lists) are left to other lists",
    "bots": "machines that send junk mail and are no mail servers: open proxies and relays, addresses with a dynamic"
    " name, and access customers without a name or with a false one",
    "malware": "machines whose mail carried a program",
    "scanners": "machines that test for relays, grab banners, guess recipients or flood",
    "accounts": "the address from which an abused account or webmail session was used; never the server it was used on",
    "auth": "machines that guess passwords",
    "escalated": "networks whose own addresses send junk and, though a panel of good mail would show it, nothing good",
    "do-not-route": "networks of which nine in ten senders are bad, none good, and which two people have approved",
    "domains": "registrable domains that junk mail advertises, with everything below them",
    "hosts": "single hosts that junk mail advertises, where their domain belongs to many",
}


def explain(policy: Policy) -> list[str]:
    """Every rule of a list in words, one sentence each, without a full stop."""
    if policy.combined:
        parts = ", ".join(policy.parts) or "all others"
        return [f"a combined list: whatever stands on {parts}, each answered with its own code"]
    if policy.holds in ("snowshoe", "dynamic"):
        about = SNOWSHOE_TERMS if policy.holds == "snowshoe" else DYNAMIC_TERMS
        return [_scope(policy), *about, _ends(policy), _never(policy)]
    what = f"holds {_WHAT[policy.holds]} (answer {HOLDS[policy.holds].code})"
    if policy.of_ranges:
        return [_scope(policy), what, *_ESCALATED, _ends(policy), _never(policy)]
    if policy.of_names:
        return [_scope(policy), what, *_NAMES, _ends(policy), "never listed: " + ", ".join(_named(policy))]
    return [_scope(policy), what, _counted(policy), _listed(policy), _ends(policy), _size(policy), _never(policy)]


_ESCALATED = [
    "needs a panel of at least 30,000 known-good sender-days over all networks in 35 days, of which at least 5 would be"
    " expected in this network from others of its size and operator; none may have been seen",
    "needs 4 bad addresses over at least 7 days, half of all senders seen, and more bad ones than its origin network"
    " would give by chance (one-sided binomial test, false discovery rate 1%)",
    "IPv6 grows by evidence: a /56 from 4 bad /64, a /48 from 8 bad /56, never wider than what is announced",
    "every listing states how many good senders it may hit",
]
_NAMES = [
    "must have been advertised in junk mail of at least 3 addresses, seen by two vantages within 7 days",
    "a domain that good mail is signed with, one that junk has named for more than 60 days, and the domains of"
    " platforms on which anybody can have a host are never listed as a whole",
]


def _named(policy: Policy) -> list[str]:
    return ["our own domains", *policy.protect_names]


def _scope(policy: Policy) -> str:
    if policy.scope == "public":
        return f"scope public: for anyone; {policy.witnesses} vantages of different domains or hosts must have seen it"
    return (
        f"scope own: for this operator's own servers; {policy.witnesses} witnesses must have seen it, and two trap"
        f" addresses (or two messages of one mailbox or log) at least {APART_HOURS} hours apart count as two"
    )


def _counted(policy: Policy) -> str:
    kinds = ", ".join(Kind(kind).name.lower().replace("_", " ") for kind in sorted(policy.kinds))
    return (
        f"what counts against an address: {kinds}, seen in the last {WINDOW_HOURS // 24} days by own traps,"
        " own mailboxes with stated relays and own logs; a partner can be the last witness, complaints and outside"
        " feeds never"
    )


def _listed(policy: Policy) -> str:
    if policy.method == "spamcop":
        return (
            "reference mode, SpamCop's published rules: listed when reports, weighed by age, are more than"
            f" {policy.bound:g} of reports and good mail; off 24 hours after the last report, 12 after two"
        )
    return f"listed when the 5% lower bound of its junk share is above {policy.bound:g}"


def _ends(policy: Policy) -> str:
    days = policy.first_hours / 24
    if policy.of_ranges or policy.of_names:
        return f"ends {days:g} days after the last sighting that speaks for it"
    return (
        f"stays while a further sighting within a day is likelier than {policy.return_share:.0%}; a first listing"
        f" ends at the latest {days:g} days after the last sighting, usually sooner; each return doubles that, up to"
        f" {policy.longest_hours / 24:g} days; in dynamic pools {policy.dynamic_hours:g} hours"
    )


def _size(policy: Policy) -> str:
    return f"IPv4 by single address, IPv6 by /{policy.ipv6_bits}, in hosting and business networks by single address"


def _never(policy: Policy) -> str:
    return "never listed: reserved space, our own networks and relays, carriers' shared addresses" + (
        f", and {len(policy.protect)} stated networks" if policy.protect else ""
    )
