"""A trace as one page of HTML that holds all it needs, to attach to a complaint or to show a colleague.

No script, no picture, no address that a browser would fetch; every text of the mail's is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from junkhound import __version__
from junkhound.cli.trace import BELIEVED, BELOW, ODD_S, delay, other, printable, why_shown
from junkhound.kernel import clock
from junkhound.verbs.picture import Picture, Step

_STYLE = """
:root { color-scheme: light; --ink: #21303d; --soft: #66788a; --line: #d8dfe6; --good: #2c7a4b; --hand: #b06a00;
        --forged: #b3261e; --inside: #1f6f8b; --paper: #fff; --back: #f2f5f8 }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
article { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1.6rem 1.8rem;
          margin-bottom: 1.5rem }
h1 { font-size: 1.25rem; margin: 0 0 .2rem; overflow-wrap: anywhere }
h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 1.8rem 0 .6rem }
.from { color: var(--soft); margin: 0; overflow-wrap: anywhere }
.answer { border-left: 4px solid var(--hand); padding: .2rem 0 .2rem 1rem; margin: 1.2rem 0 }
.answer b { font: 600 1.5rem/1.3 ui-monospace, Consolas, monospace; overflow-wrap: anywhere }
.answer.none { border-color: var(--soft) }
dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: .3rem 1rem; margin: 0 }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
ol.path { list-style: none; margin: 0; padding: 0 }
ol.path li { position: relative; padding: 0 0 .9rem 2rem; border-left: 2px solid var(--good); margin-left: .6rem }
ol.path li::before { content: ""; position: absolute; left: -.5rem; top: .3rem; width: .85rem; height: .85rem;
                     border-radius: 50%; background: var(--mark, var(--good)); border: 2px solid var(--paper) }
ol.path li:last-child { padding-bottom: 0 }
.handover { --mark: var(--hand) } .forged { --mark: var(--forged) } .unverified { --mark: #b9c4ce }
.believed { --mark: var(--inside) }
ol.path li.below { border-left: 2px dashed var(--line) }
li.rule { border: 0 !important; color: var(--soft); font-style: italic; padding: .2rem 0 .9rem 2rem }
li.rule::before { display: none }
.hop { font-family: ui-monospace, Consolas, monospace; font-size: .9rem; overflow-wrap: anywhere }
.hop .ip { font-weight: 600 } .handover .ip { color: var(--hand) } .forged .ip { color: var(--forged) }
.tag { float: right; font: .75rem/1.6 system-ui, sans-serif; color: var(--mark, var(--good)); padding-left: 1rem }
.why { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere }
.late { color: var(--soft) } .late.odd { color: var(--forged) }
ol.next { margin: 0; padding-left: 1.2rem } ol.next li { margin-bottom: .3rem; overflow-wrap: anywhere }
.guess { color: var(--soft) }
footer { color: var(--soft); font-size: .8rem; text-align: center; margin: 1.5rem 0 3rem }
@media print { body { background: #fff } article { border: 0; padding: 0 } }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } .tag { float: none } }
"""


SURE = 0.9
"""Below this the machine may only have passed the mail on."""


def write(path: str, pictures: Sequence[Picture]) -> None:
    """Write the page of all these traces. Errors: OSError."""
    Path(path).write_text(page(pictures), "utf-8")


def page(pictures: Sequence[Picture]) -> str:
    """The page as text."""
    title = pictures[0].traced.subject or pictures[0].traced.locator if pictures else "nothing"
    body = "\n".join(_article(one) for one in pictures)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Trace: {_e(title)}</title>\n<style>{_STYLE}</style></head>\n<body><main>\n{body}\n"
        f"<footer>Made by Junkhound {_e(__version__)}. A machine that sends junk mostly does so without its owner's"
        " knowledge.</footer>\n</main></body></html>\n"
    )


def _e(text: str) -> str:
    return escape(printable(text))


def _article(one: Picture) -> str:
    traced = one.traced
    parts = [f"<article>\n<h1>{_e(traced.subject or traced.locator)}</h1>"]
    if traced.author:
        parts.append(f'<p class="from">From, as written: {_e(traced.author)}</p>')
    if traced.subject:
        parts.append(f'<p class="from">{_e(traced.locator)}</p>')
    if one.nobody:
        say = f'<br><span class="hop">{_e(one.command)}</span>' if one.command else ""
        said = "" if traced.verdict.provider else "Nobody can be named: "
        parts.append(f'<div class="answer none">{said}{_e(one.nobody)}{say}</div>')
    else:
        name = f"<br>{_e(one.name)}" if one.name else ""
        sure = "It came from" if one.traced.verdict.confidence >= SURE else "It was handed to a believed server by"
        parts.append(f'<div class="answer">{sure}<br><b>{_e(one.source)}</b>{name}</div>')
    facts = _facts(one)
    parts += [f"<dl>{facts}</dl>" if facts else "", "<h2>Its path, the last step first</h2>", _path(one)]
    if one.next:
        steps = "".join(f"<li>{_e(step)}</li>" for step in one.next)
        parts.append(f'<h2>What to do next</h2>\n<ol class="next">{steps}</ol>')
    return "\n".join(filter(None, parts)) + "\n</article>"


def _facts(one: Picture) -> str:
    rows = [("Network", _e(one.network))]
    if one.machine is not None:
        said = (one.machine.what, one.machine.why and f"it seems so because: {one.machine.why}", one.machine.owner)
        rows.append(("Machine", "<br>".join(_e(text) for text in said if text)))
    rows.append(("About", _e(one.about)))
    rows.append(("Seen", _e(clock.text(one.seen_at)) if one.seen_at is not None else ""))
    rows.append(("How sure", _e(one.how)))
    rows.append(("Or", "<br>".join(_e(other(found)) for found in one.others)))
    contacts = []
    for found in one.contacts:
        who = " ".join(filter(None, (found.contact.mail, found.contact.url, found.contact.name, found.contact.note)))
        contacts.append(f'{_e(who)} <span class="guess">({_e(found.why)})</span>')
    rows += [("Contact", "<br>".join(contacts)), ("Known here", "<br>".join(_e(line) for line in one.known))]
    rows.append(("Noticed", _e(", ".join(one.noticed))))
    return "".join(f"<dt>{word}</dt><dd>{text}</dd>" for word, text in rows if text)


def _path(one: Picture) -> str:
    items, believed = [], True
    for step in one.steps:
        if believed and step.status not in BELIEVED:
            believed = False
            items.append(f'<li class="rule">{BELOW}</li>')
        items.append(_step(step, believed))
    if one.more:
        items.append(f'<li class="rule">and {one.more:,} more below</li>')
    drawn = "\n".join(items)
    return f'<ol class="path">\n{drawn}\n</ol>' if items else "<p>No line of it says where it was.</p>"


def _step(step: Step, believed: bool) -> str:
    names = []
    if step.seen and step.seen != step.ip:
        names.append(_e(step.seen))
    if step.claimed and step.claimed not in (step.seen, step.ip):
        names.append(f"says &ldquo;{_e(step.claimed)}&rdquo;")
    late = ""
    if step.delay_s is not None:
        late = f' <span class="late{" odd" if step.delay_s < ODD_S else ""}">{delay(step.delay_s)}</span>'
    by = _e(step.by) or "(unnamed)"
    said = why_shown(step)
    why = f'<div class="why">{_e(said)}</div>' if said else ""
    return (
        f'<li class="{step.status}{"" if believed else " below"}"><span class="tag">{_e(step.status)}</span>'
        f'<span class="hop">{by} &larr; <span class="ip">{_e(step.ip) or "—"}</span>'
        f"{' ' + ', '.join(names) if names else ''}{late}</span>{why}</li>"
    )
