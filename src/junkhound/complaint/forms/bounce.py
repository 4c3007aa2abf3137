"""What is no complaint but looks like one: delivery reports (RFC 3464 and older) and automatic answers (RFC 3834).

Whoever gets a bounce for mail that he never sent is a victim of the forger, and the mail inside says nothing of who
sent it to the bouncing server. So neither is traced as a complaint, whatever stands in them.
"""

from __future__ import annotations

import re

from junkhound.complaint.complaint import Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter

_DAEMONS = frozenset((
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon", "mail.daemon", "maildaemon", "double-bounce",
    "mmdf", "smtp-daemon", "mdaemon", "daemon", "mailsystem", "mail-system",
))  # fmt: skip
_POSTMASTERS = frozenset(("postmaster", "post_master", "post-master"))
_OFFICES = _POSTMASTERS | {"sysadmin", "no-reply", "noreply", "admin", "system"}
_LISTS = ("-admin", "-owner", "-request", "-bounces")
_subject = re.compile(
    r"undeliver|delivery (?:status notification|fail|report|has failed|problem)|deliver(?:y|ed)? .{0,20}failed"
    r"|returned (?:mail|to sender)|failure (?:notice|delivery)|mail (?:delivery|system error|could not)|nondeliverable"
    r"|non.?delivery|could not be delivered|mail.{0,20}(?:bounced|returned)|warning: (?:message|could not send)"
    r"|unzustellbar|nicht zugestellt|unable to deliver|não entregue|no se (?:pudo|ha podido) entregar|non recapitabile"
    r"|non remis|échec (?:de|du) |не доставлено|undelivered|message (?:you sent )?blocked|are not member|loop alert"
    r"|error sending your mail|bounce notification|postmaster notify|mail delivery|delivery (?:delayed|notification)"
    r"|配信|配送|送信できません|エラー通知|errors from ",
    re.IGNORECASE,
)
_body = re.compile(
    r"this is the (?:qmail|mail(?:er)?[ -](?:system|delivery)|dragonfly|postfix)|permanent (?:fatal )?(?:error|failure)"
    r"|the following (?:address|recipient|message)|could not (?:be )?deliver|was not delivered|did not reach"
    r"|user unknown|unknown user|mailbox (?:is )?(?:full|not found|unavailable)|no such (?:user|address|recipient)"
    r"|<<< \d{3}|>>> (?:rcpt|data|mail)|\b5[0-9]{2}[ -]5?\.?\d|delivery (?:to the following|failed|attempt)"
    r"|delivered to the following|returned to (?:sender|you)|original message (?:follows|headers)|was undeliverable"
    r"|送信できません|transcript of session|failed recipient|unable to deliver|host (?:unknown|not found)"
    r"|below is a copy of",
    re.IGNORECASE,
)
_away = re.compile(
    r"\A\s*(?:auto(?:matic|matische|mated|matisch|mática|matica|matique)?[- ]?(?:re(?:ply|sponse|spuesta|ponse|ply:)"
    r"|antwort\w*|svar|risposta|odpowied|resposta|\w*réponse|acknowledg\w+|confirm\w+)"
    r"|out of (?:the )?office|away from|(?:on )?vacation|abwesenheit|réponse automatique|respuesta automática"
    r"|risposta automatica|resposta automática|autosvar|automaattinen|absence|absent du bureau|fuori sede|fuera de"
    r"|afwezig|自動(?:応答|返信)|自动回复|автоответ|thank you for (?:contacting|your (?:e-?mail|message|report))"
    r"|(?:we have )?received your (?:e-?mail|message|report|request)|ticket (?:created|received))",
    re.IGNORECASE,
)
_RECEIPTS = ("message/disposition-notification", "message/global-disposition-notification")
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "text/delivery-status")


@forms.register("bounce")
def read(letter: Letter) -> Complaint | None:
    """A delivery report, or an automatic answer; None for everything else."""
    form = "bounce" if _bounced(letter) else "auto_reply" if _answered(letter) else ""
    if not form:
        return None
    return Complaint(form, form, letter.reporter, letter.author[1], at=letter.at)


def _bounced(letter: Letter) -> bool:
    kind = letter.value(b"content-type")
    if "delivery-status" in kind or any(part.type in _REPORTS for part in letter.parts):
        return True
    if letter.has(b"x-failed-recipients"):
        return True
    local = letter.author[0] or _daemon(letter.value(b"from"))
    subject = bool(_subject.search(letter.subject))
    if local in _DAEMONS:
        return True
    null = letter.value(b"return-path").replace(" ", "") in ("<>", "<mailer-daemon>") or _daemonic(letter)
    body = any(_body.search(text[:16384]) for text in letter.texts[:3])
    if null and (subject or body) and letter.value(b"auto-submitted") != "no":
        return True
    if local in _POSTMASTERS and body:
        return True
    return subject and (((local in _OFFICES or not local) and body) or local.endswith(_LISTS))


def _daemonic(letter: Letter) -> bool:
    return any(f"{name}@" in letter.value(b"return-path") for name in ("mailer-daemon", "double-bounce", "postmaster"))


def _daemon(author: str) -> str:
    """A From without an address: ``MAILER-DAEMON <>``."""
    word = author.replace("<>", "").strip(' "<>')
    return word if word in _DAEMONS else ""


def _answered(letter: Letter) -> bool:
    """RFC 3834 section 5: ``auto-replied``. ``auto-generated`` alone is what every honest reporter's program writes."""
    if letter.value(b"auto-submitted").startswith("auto-replied"):
        return True
    if letter.has(b"x-autoreply", b"x-autorespond", b"x-auto-response-suppress-reply", b"x-autoresponder"):
        return True
    if letter.value(b"precedence") in ("auto_reply", "auto-reply"):
        return True
    if "disposition-notification" in letter.value(b"content-type") or any(p.type in _RECEIPTS for p in letter.parts):
        return True
    return bool(_away.match(letter.subject))
