"""Where the money is to go: crypto wallets and bank accounts whose checksums hold, nothing that only looks like one."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

MOST = 20  # of each kind in one text
LONG = b"x" * 26  # the shortest wallet; in a text of which every letter and digit was made an "x"

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE58 = {char: place for place, char in enumerate(_BASE58)}
_BECH32 = {char: place for place, char in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_wallets = re.compile(
    rb"(?<![0-9A-Za-z])(?:(?:bc1|BC1|ltc1|LTC1)[0-9A-Za-z]{20,80}|0[xX][0-9a-fA-F]{40}"
    rb"|4[1-9A-HJ-NP-Za-km-z]{94,105}|[13LMDTXt9A][1-9A-HJ-NP-Za-km-z]{25,35})(?![0-9A-Za-z])"
).findall
# Version bytes of the addresses of coins, base58check; those of script hashes stand beside them.
_COINS = {0: "btc", 5: "btc", 48: "ltc", 50: "ltc", 30: "doge", 22: "doge", 65: "trx", 76: "dash", 16: "dash"}
_IBAN = re.compile(rb"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?:[ \xc2\xa0-]{0,2}[0-9A-Z]){11,30}(?![0-9A-Za-z])")
# Lengths by country: SWIFT's IBAN registry (ISO 13616).
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
_TELL = bytes(code for code in range(256) if code not in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def wallets(text: bytes) -> list[str]:
    """``coin:address`` of every wallet in the text whose checksum holds, in order, each once."""
    found: dict[str, None] = {}
    for hit in _wallets(text)[: MOST * 4]:
        if name := _wallet(hit):
            found[name] = None
            if len(found) >= MOST:
                break
    return list(found)


@lru_cache(4096)
def _wallet(octets: bytes) -> str:
    text = octets.decode("ascii")
    low = text.lower()
    if low.startswith("0x"):
        return f"eth:{low}" if _ether(text[2:]) else ""
    if low.startswith(("bc1", "ltc1")):
        return f"{low[: low.index('1')].replace('bc', 'btc')}:{low}" if _bech32(text) else ""
    if len(text) >= 95:
        return f"xmr:{text}" if text[1] in "0123456789AB" and _monero(text[:95]) and len(text) in (95, 106) else ""
    payload = _base58(text)
    if len(payload) != 25 or sha256(sha256(payload[:21]).digest()).digest()[:4] != payload[21:]:
        return ""
    coin = _COINS.get(payload[0], "")
    return f"{coin}:{text}" if coin else ""


def _base58(text: str) -> bytes:
    """The bytes that base58 stands for; b"" where a character is none of it."""
    number = 0
    for char in text:
        digit = _VALUE58.get(char)
        if digit is None:
            return b""
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _bech32(text: str) -> bool:
    """BIP 173, and BIP 350 for later witness versions: one case, checksum, a program of a length that exists."""
    if text != text.lower() and text != text.upper():
        return False
    text = text.lower()
    human, _, rest = text.rpartition("1")
    values = [_BECH32.get(char, -1) for char in rest]
    if len(values) < 8 or -1 in values:
        return False
    check = 1
    for value in [ord(char) >> 5 for char in human] + [0] + [ord(char) & 31 for char in human] + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                check ^= term
    size = (len(values) - 7) * 5 // 8
    if values[0] == 0:
        return check == 1 and size in (20, 32)
    return check == 0x2BC830A3 and values[0] <= 16 and 2 <= size <= 40


def _monero(text: str) -> bool:
    """Blocks of 11 characters for 8 bytes, and the first four bytes of Keccak-256 at the end."""
    out = b""
    for at in range(0, len(text), 11):
        block = text[at : at + 11]
        size = {11: 8, 7: 5}.get(len(block))
        number = 0
        for char in block:
            digit = _VALUE58.get(char)
            if digit is None:
                return False
            number = number * 58 + digit
        if size is None or number >> 8 * size:
            return False
        out += number.to_bytes(size, "big")
    return keccak256(out[:-4])[:4] == out[-4:]


def _ether(digits: str) -> bool:
    """Forty hexadecimal digits: of one case they carry no checksum (and are not all alike), else EIP-55's."""
    low = digits.lower()
    if len(set(low)) < 8:
        return False
    if digits in (low, digits.upper()):
        return True
    check = keccak256(low.encode()).hex()
    pairs = zip(digits, check, strict=False)
    return all(mark.isdigit() or mark.isupper() == (int(told, 16) > 7) for mark, told in pairs)


_ROUNDS = 24
_MASK = (1 << 64) - 1


@lru_cache(1)
def _round_constants() -> tuple[int, ...]:
    """FIPS 202 section 3.2.5: bits of a linear feedback shift register."""
    out, state = [], 1
    for _ in range(_ROUNDS):
        word = 0
        for power in range(7):
            if state & 1:
                word |= 1 << (1 << power) - 1
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        out.append(word)
    return tuple(out)


def keccak256(octets: bytes) -> bytes:
    """Keccak-256 with the padding from before SHA-3, which coins kept (FIPS 202 section 3.2 for the permutation)."""
    rate = 136
    padded = bytearray(octets) + bytes(rate - len(octets) % rate)
    padded[len(octets)] |= 1
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for place in range(rate // 8):
            lanes[place] ^= int.from_bytes(padded[start + 8 * place : start + 8 * place + 8], "little")
        for constant in _round_constants():
            lanes = _round(lanes, constant)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _round(lanes: list[int], constant: int) -> list[int]:
    columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
    mix = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
    lanes = [lane ^ mix[place % 5] for place, lane in enumerate(lanes)]
    x, y, current = 1, 0, lanes[1]
    for step in range(_ROUNDS):
        x, y = y, (2 * x + 3 * y) % 5
        current, lanes[x + 5 * y] = lanes[x + 5 * y], _turned(current, (step + 1) * (step + 2) // 2 % 64)
    lanes = [
        lanes[place] ^ (~lanes[place - place % 5 + (place + 1) % 5] & lanes[place - place % 5 + (place + 2) % 5])
        for place in range(25)
    ]
    lanes[0] ^= constant
    return lanes


def _turned(word: int, by: int) -> int:
    return (word << by | word >> 64 - by) & _MASK


def ibans(text: bytes) -> list[str]:
    """Every bank account number in the text whose length and check digits are right, without blanks, each once."""
    found: dict[str, None] = {}
    for place, match in enumerate(_IBAN.finditer(text)):
        if place >= MOST * 4 or len(found) >= MOST:
            break
        if name := iban(match[0].translate(None, _TELL).decode("ascii")):
            found[name] = None
    return list(found)


@lru_cache(4096)
def iban(compact: str) -> str:
    """The account that the text begins with, cut at its country's length; "" where it is none (ISO 13616, ISO 7064)."""
    size = _LENGTHS.get(compact[:2], 0)
    if not size or len(compact) < size:
        return ""
    compact = compact[:size]
    number = int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4]))
    return compact if number % 97 == 1 else ""
