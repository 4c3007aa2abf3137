"""Labels of real reports by a second, simpler way: the standard library's parser and one pattern a form.

python tools/label_reports.py reports.tar.gz > labels/reports-second.csv

It imports nothing of Junkhound and was written, run and committed before its answers were compared with the reader's.
What such a simple way cannot tell stays empty and is not compared. Where a report is one of a collection that is sorted
into folders by reporter, the folder's name says what it is about.
"""

from __future__ import annotations

import csv
import email
import email.message
import email.policy
import re
import sys
import tarfile
from hashlib import sha256

ABOUT = {"ip-echelon": "copyright", "copyrightcompliance": "copyright", "abusehub": "bot"}
ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:]+)"


def text_of(part: email.message.Message) -> str:
    """A part's text as it stands."""
    body = part.get_payload(decode=True)
    if isinstance(body, bytes):
        return body.decode("utf-8", "replace")
    held = part.get_payload()
    return "\n".join(str(one) for one in held) if isinstance(held, list) else str(held)


def field(name: str, text: str) -> str:
    """The value of a line ``Name: value``."""
    found = re.search(rf"^{name}:[ \t]*(.*?)[ \t]*$", text, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else ""


def label(path: str, octets: bytes) -> dict[str, str]:
    """Form, subject, source and mails of one report."""
    mail = email.message_from_bytes(octets, policy=email.policy.compat32)
    parts = list(mail.walk())
    shown = [part for part in parts if part.get_content_type() in ("message/rfc822", "text/rfc822-headers")]
    made = {"sha256": sha256(octets).hexdigest(), "mails": str(len(shown))}
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if feedback is not None:
        said = text_of(feedback)
        source = field("Source-IP", said)
        return made | {"form": "arf", "about": field("Feedback-Type", said).lower(), "source": source}
    lines = next((text_of(part) for part in parts if part.get_filename() == "report.txt"), "")
    if field("Report-Type", lines):
        source = field("Source", lines)
        host = re.match(r"https?://([^/:]+)", source)
        about = field("Report-Type", lines).lower()
        return made | {"form": "xarf", "about": about, "source": host[1] if host else source}
    about = next((word for folder, word in ABOUT.items() if f"/{folder}/" in f"/{path}"), "")
    text = "\n".join(text_of(part) for part in parts if part.get_content_maintype() in ("text", "application"))
    xml = re.search(rf"<IP_Address>\s*({ADDRESS})\s*<", text)
    subject = re.search(rf"[\[(]({ADDRESS})[\])]", str(mail.get("subject")))
    source = xml[1] if xml else subject[1] if subject else ""
    return made | {"form": "notice", "about": about, "source": source}


def main() -> None:
    """Print the labels of an archive, in the order of their hashes."""
    rows = []
    with tarfile.open(sys.argv[1], "r:gz") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith((".eml", ".msg")):
                held = archive.extractfile(member)
                assert held is not None
                rows.append(label(member.name, held.read()))
    out = csv.DictWriter(sys.stdout, ["sha256", "form", "about", "source", "mails"], lineterminator="\n")
    out.writeheader()
    out.writerows(sorted(rows, key=lambda row: row["sha256"]))


if __name__ == "__main__":
    main()
