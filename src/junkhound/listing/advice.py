"""What to do about a listing, in the words of an abuse desk."""

from __future__ import annotations

_ADVICE = {
    "direct spam source": (
        "The machine sends junk itself, most often without its owner's knowledge.",
        "Look for malware and for programs that send mail on their own; a web site with an old script counts.",
        "Let only your mail server send to port 25; block it for everything else behind this address.",
    ),
    "open proxy": (
        "The machine passes on connections of strangers.",
        "Close the proxy, or let it serve named clients only; then look for who installed it.",
    ),
    "open relay": (
        "The mail server passes on mail from anybody to anybody.",
        "Let it relay for its own users and networks only (RFC 5321 section 7.9), and test it from outside.",
    ),
    "abused webmail": (
        "Junk is sent through a web mail service at this address.",
        "Find the accounts or the form, lock them, update the software, and limit what one account can send.",
    ),
    "abused account": (
        "A stolen or rented account sends junk through this server.",
        "Find it by its logins, change its password, end its sessions, and limit what one account can send.",
    ),
    "spam source behind a relay": (
        "A machine behind a known relay sends junk.",
        "Find it by the time and the relay's log; clean it as a machine that was taken over.",
    ),
    "password guessing": (
        "The machine guesses passwords at mail servers.",
        "It was most likely taken over: take it off the network, find out how, install it anew.",
    ),
    "probing": (
        "The machine asks mail servers for their weak points.",
        "Find the program that does; a scan of your own should say so in its greeting.",
    ),
    "address harvesting": (
        "The machine guesses mail addresses by asking servers which exist.",
        "Find the program that does; clean lists by bounces, not by guessing.",
    ),
    "flood": (
        "The machine floods servers with connections or mail.",
        "Take it off the network until the cause is found.",
    ),
}
_RANGES = {
    "bot": (
        "The machine behind this address runs somebody else's program, most often without its owner's knowledge.",
        "Look for malware; install anew what cannot be cleaned, and change the passwords that were used on it.",
        "Let no machine but the mail server send to port 25.",
    ),
    "snowshoe range": (
        "Many addresses of this range send a little junk each.",
        "Its owner can end the contract and have the range's abuse contact write.",
    ),
    "dynamic range": (
        "Nobody is accused: the addresses of this range are handed on, and mail from them should go through the"
        " provider's server.",
        "Send through your provider's or your own mail server, with a log-in (RFC 6409), or get a fixed address with a"
        " name of its own.",
    ),
    "escalated network": ("Its senders were bad and no good one was seen: its abuse contact can answer for it.",),
    "do not route": ("Two people have looked at this network: its abuse contact can answer for it.",),
    "malware sender": (
        "Programs were sent from this address by mail.",
        "Take the machine off the network, find out how it was taken over, and install it anew.",
    ),
    "advertised domain": (
        "Junk mail leads to this name.",
        "Take down what it leads to; if its server was broken into, mend the hole before the page.",
    ),
    "advertised host": (
        "Junk mail leads to this host.",
        "Take down what it leads to; if its server was broken into, mend the hole before the page.",
    ),
}
_ANY = ("Find out what sends from this address, and stop it.",)


def advice(listing_class: str) -> tuple[str, ...]:
    """Sentences on what to mend, by the class of the listing."""
    return _ADVICE.get(listing_class) or _RANGES.get(listing_class, _ANY)
