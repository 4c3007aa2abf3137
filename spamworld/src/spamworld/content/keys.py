"""Keys that criminals leave behind, invented: phone numbers, bank accounts, wallets, tickers, drop boxes, domains.

None can reach anybody: phone numbers come from the ranges that regulators keep for fiction, bank codes are of no bank,
wallets are hashes that nobody holds a key to, names end in ``.example`` (RFC 2606). All checksums are right.

Source of the ranges: NANPA 555-0100 to 0199; Ofcom "telephone numbers for use in TV and radio drama"; Bundesnetzagentur
"Rufnummern fuer Film und Fernsehen"; ARCEP decision 2018-0881, section 2.5.12; PTS "telephone numbers for use in books
and films"; ACMA "phone numbers for use in TV shows, films and creative works".
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from random import Random

FICTION: dict[str, tuple[tuple[str, int], ...]] = {  # country -> (E.164 prefix, free digits)
    "US": tuple((f"+1{area}55501", 2) for area in (202, 212, 213, 305, 312, 404, 415, 512, 602, 617, 702, 713, 818)),
    "GB": (("+442079460", 3), ("+441134960", 3), ("+441632960", 3), ("+447700900", 3), ("+448081570", 3)),
    "DE": (("+493023125", 3), ("+496990009", 3), ("+494066969", 3), ("+492214710", 3), ("+498999998", 3)),
    "FR": (("+3319900", 4), ("+3326191", 4), ("+3335301", 4), ("+3346571", 4), ("+3353649", 4), ("+3363998", 4)),
    "SE": (("+468465004", 2), ("+463139006", 2)),
    "AU": (("+6125550", 4), ("+6127010", 4)),
}
IBANS: dict[str, str] = {  # the national part: a bank code that does not exist, # for a digit of the account
    "DE": "9000" + "#" * 14,  # no German bank code begins with 9
    "GB": "QQQX" + "0" * 6 + "#" * 8,
    "NL": "QQQX" + "#" * 10,
    "LT": "99999" + "#" * 11,
    "LV": "QQQX" + "#" * 13,
    "AT": "99999" + "#" * 11,
    "IE": "QQQX" + "0" * 6 + "#" * 8,
    "CH": "99999" + "#" * 12,
    "LU": "999" + "#" * 13,
    "EE": "99" + "#" * 14,
}
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
SYLLABLES = (
    "al bar cor den el fal gan hol in jor kal lum mar nor ol pel qui ros sel tor ul ver wes xan yor zel "
    "bri cle dro fre gri klo plo sta tri vex",
    "ba co da den fo ga ka la lo ma mi na no pa ra ri ro sa so ta ti va vo xa za lex dor tis mex nix",
)
HEADS, TAILS = (row.split() for row in SYLLABLES)
ENDS = ("", "", "", "shop", "online", "-direct", "24", "mart", "site", "now", "best", "-store", "web", "deals", "pro")
BOXES = ("postfach.example", "freemail.example", "mailhaven.example", "quickpost.example", "inboxly.example")


def phone(rng: Random, country: str = "US") -> str:
    """A number in E.164 form, of a range that belongs to fiction."""
    prefix, free = rng.choice(FICTION.get(country, FICTION["US"]))
    return prefix + f"{rng.randrange(10**free):0{free}d}"


def dial(rng: Random, number: str) -> str:
    """That number as people write it: with blanks, dots, brackets, or as it is dialled at home."""
    for code in ("+1", "+44", "+49", "+33", "+46", "+61"):
        if number.startswith(code):
            rest = number[len(code) :]
            break
    else:
        return number
    area = 3 if code == "+1" else 2
    a, b, c = rest[:area], rest[area : area + 3], rest[area + 3 :]
    if code == "+1":
        return rng.choice((f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"+1 {a} {b} {c}", f"1-{a}-{b}-{c}"))
    return rng.choice((f"{code} {a} {b} {c}", f"{code} (0) {a} {b}{c}", f"0{a} {b} {c}", f"{code}{rest}"))


def iban(rng: Random, country: str = "") -> str:
    """An account number whose check digits are right and whose bank is not (ISO 13616)."""
    country = country if country in IBANS else rng.choice(sorted(IBANS))
    account = "".join(str(rng.randrange(10)) if mark == "#" else mark for mark in IBANS[country])
    return f"{country}{98 - remainder(account + country + '00'):02d}{account}"


def remainder(text: str) -> int:
    """The number that letters and digits spell (A is 10), modulo 97 (ISO 7064)."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def iban_right(text: str) -> bool:
    """Whether the check digits hold."""
    text = text.replace(" ", "")
    return remainder(text[4:] + text[:4]) == 1


def base58(payload: bytes) -> str:
    """Base58Check, as bitcoin writes addresses."""
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number = int.from_bytes(whole, "big")
    out = ""
    while number:
        number, digit = divmod(number, 58)
        out = BASE58[digit] + out
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + out


def bech32_sum(values: list[int]) -> int:
    """The checksum polynomial of BIP 173."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                check ^= term
    return check


def bech32(program: bytes) -> str:
    """A witness program of 20 bytes, version 0, as BIP 173 writes it."""
    number = int.from_bytes(program, "big")
    values = [0] + [number >> shift & 31 for shift in range(len(program) * 8 - 5, -1, -5)]
    prefix = [ord(char) >> 5 for char in "bc"] + [0] + [ord(char) & 31 for char in "bc"]
    check = bech32_sum(prefix + values + [0] * 6) ^ 1
    return "bc1" + "".join(BECH32[value] for value in values + [check >> 5 * (5 - i) & 31 for i in range(6)])


ROUND = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip


def turn(word: int, by: int) -> int:
    """A 64-bit word rotated to the left."""
    by %= 64
    return (word << by | word >> 64 - by) & (1 << 64) - 1


def keccak256(text: bytes) -> bytes:
    """Keccak-256 of at most 135 bytes, with the padding from before SHA-3 (EIP-55 needs that one)."""
    block = bytearray(136)
    block[: len(text)] = text
    block[len(text)] |= 1
    block[135] |= 0x80
    lanes = [[int.from_bytes(block[8 * (x + 5 * y) :][:8], "little") if x + 5 * y < 17 else 0 for y in range(5)]
             for x in range(5)]  # fmt: skip
    for constant in ROUND:
        column = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
        mix = [column[x - 1] ^ turn(column[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ mix[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], turn(current, (step + 1) * (step + 2) // 2)
        lanes = [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        lanes[0][0] ^= constant
    return b"".join(lanes[i][0].to_bytes(8, "little") for i in range(4))


def ether(account: bytes) -> str:
    """An account of 20 bytes in the mixed case that carries its checksum (EIP-55)."""
    digits = account.hex()
    check = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(c, 16) > 7 else d for d, c in zip(digits, check, strict=False))


@lru_cache(maxsize=4096)
def wallet(seed: str, kind: str = "") -> str:
    """A wallet that nobody can open: the hash of a seed text in the shape of a bitcoin or ether address."""
    digest = hashlib.blake2b(seed.encode(), digest_size=21).digest()
    kind = kind or ("p2pkh", "bech32", "ether")[digest[20] % 3]
    if kind == "ether":
        return ether(digest[:20])
    return bech32(digest[:20]) if kind == "bech32" else base58(b"\0" + digest[:20])


def ticker(rng: Random) -> str:
    """A symbol of four letters or five, with a market's suffix in half of the cases."""
    word = "".join(rng.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(3)) + rng.choice("AEIOUQXZ")
    return word + rng.choice(("", "", ".PK", ".OB"))


def domain(rng: Random) -> str:
    """A registrable name that could be sold by the dozen."""
    return rng.choice(HEADS) + rng.choice(TAILS) + rng.choice(TAILS) + rng.choice(ENDS) + ".example"


def box(rng: Random, owner: str = "") -> str:
    """A mail drop box at a provider that gives them away."""
    who = owner or rng.choice(HEADS) + rng.choice(TAILS) + "." + rng.choice(HEADS) + rng.choice(TAILS)
    return f"{who}{rng.randrange(10, 99)}@{rng.choice(BOXES)}"
