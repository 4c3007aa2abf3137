"""The first packet of a connection, as its sender's system made it: the form of p0f.

``ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass``, as in ``4:64:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0``. What
differs from one connection to the next (ports, sequence number, time stamps, hops on the way) is not in it.

Source: p0f 3 README, sections 5 and 6 (Michal Zalewski); RFC 791, 8200, 9293, 7323.
"""

from __future__ import annotations

_TTLS = (32, 64, 128, 255)
_MAX_SCALE = 14  # RFC 7323 section 2.3
_FIN, _RST, _PSH, _ACK, _URG, _ECE, _CWR, _NS = 1, 4, 8, 16, 32, 64, 128, 256


def signature(packet: bytes) -> str | None:
    """The signature of an IP packet with a TCP SYN (Linux: ``TCP_SAVED_SYN``); None for anything else."""
    if len(packet) < 40:
        return None
    version = packet[0] >> 4
    quirks: list[str] = []
    if version == 4:
        start, ttl = (packet[0] & 15) * 4, packet[8]
        options_length = start - 20
        flags, identity = packet[6] >> 5, packet[4:6] != b"\0\0"
        if packet[1] & 3:
            quirks.append("ecn")
        if flags & 2:
            quirks.append("df")
            if identity:
                quirks.append("id+")
        elif not identity:
            quirks.append("id-")
        if flags & 4:
            quirks.append("0+")
        if packet[9] != 6 or start < 20:
            return None
    elif version == 6:
        start, ttl, options_length = 40, packet[7], 0
        if packet[6] != 6:  # extension headers: nobody sends a SYN with them
            return None
        if packet[1] >> 4 & 3:
            quirks.append("ecn")
        if packet[1] & 15 or packet[2:4] != b"\0\0":
            quirks.append("flow")
    else:
        return None
    return _tcp(packet, start, f"{version}:{_initial(ttl)}:{options_length}", quirks)


def _initial(ttl: int) -> int:
    return next(each for each in _TTLS if ttl <= each)


def _tcp(packet: bytes, start: int, head: str, quirks: list[str]) -> str | None:
    tcp = packet[start:]
    if len(tcp) < 20:
        return None
    flags = (tcp[12] & 1) << 8 | tcp[13]
    end = (tcp[12] >> 4) * 4
    if not flags & 2 or end < 20:
        return None
    if flags & (_ECE | _CWR | _NS) and "ecn" not in quirks:
        quirks.append("ecn")
    if tcp[4:8] == b"\0\0\0\0":
        quirks.append("seq-")
    if tcp[8:12] != b"\0\0\0\0" and not flags & _ACK:
        quirks.append("ack+")
    if flags & _URG:
        quirks.append("urgf+")
    elif tcp[18:20] != b"\0\0":
        quirks.append("uptr+")
    if flags & _PSH:
        quirks.append("pushf+")
    layout, mss, scale, odd = _options(tcp[20:end])
    window = int.from_bytes(tcp[14:16], "big")
    payload = "+" if len(tcp) > end else "0"
    return f"{head}:{mss}:{window},{scale}:{','.join(layout)}:{','.join(quirks + odd)}:{payload}"


def _options(options: bytes) -> tuple[list[str], str, int, list[str]]:
    """Layout, MSS (``*`` without one), window scale and quirks."""
    layout: list[str] = []
    odd: list[str] = []
    mss, scale = "*", 0
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            rest = options[at + 1 :]
            layout.append(f"eol+{len(rest)}")
            if any(rest):
                odd.append("opt+")
            break
        if kind == 1:
            layout.append("nop")
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            odd.append("bad")
            break
        value = options[at + 2 : at + length]
        if kind == 2 and length == 4:
            mss = str(int.from_bytes(value, "big"))
        elif kind == 3 and length == 3:
            scale = value[0]
            if scale > _MAX_SCALE:
                odd.append("exws")
        elif kind == 8 and length == 10:
            if value[:4] == b"\0\0\0\0":
                odd.append("ts1-")
            if value[4:] != b"\0\0\0\0":
                odd.append("ts2+")
        layout.append(_NAMES.get(kind, f"?{kind}"))
        at += length
    return layout, mss, scale, odd


_NAMES = {2: "mss", 3: "ws", 4: "sok", 5: "sack", 8: "ts"}
