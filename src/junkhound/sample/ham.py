"""What the wanted mail of the sample says: newsletters with a way out, list mail, and people. All words are our own."""

# ruff: noqa: E501 - a template reads best unbroken

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """One kind of wanted mail; ``%issue%``, ``%who%``, ``%peer%`` and ``%topic%`` are filled by the mail."""

    name: str
    sender: str
    subject: str
    body: str
    host: str
    list_id: str = ""


NEWSLETTERS = (
    Letter(
        "garden-post", "The Garden Post <post@gardenpost.example>", "The Garden Post, issue %issue%",
        "Dear %who%,\n\nin this issue: {when to cut the roses|a bed for shade|seed swaps near you}, {a reader's pond|moss without "
        "war|leeks}, and {the calendar|letters}.\n\n{Read on|The whole issue}: https://gardenpost.example/issues/%issue%\n\nYou asked for "
        "this letter on our site. Leave with one click: https://gardenpost.example/leave/%ref%\nGarden Post, 4 Mill Lane, Otterham\n",
        "gardenpost.example",
    ),
    Letter(
        "ferry-times", "Northern Ferries <news@northernferries.example>", "{Autumn|Spring|New} timetable, no. %issue%",
        "Hello %who%,\n\nthe {early|late} boat now leaves at {6:10|6:25|22:40}. {Bicycles|Dogs} travel free until %topic%.\n\n"
        "Timetable: https://northernferries.example/t/%issue%\nUnsubscribe: https://northernferries.example/u/%ref%\n"
        "Northern Ferries, Pier 2, Saltby\n",
        "northernferries.example",
    ),
    Letter(
        "type-weekly", "Type Weekly <editors@typeweekly.example>", "Type Weekly %issue%: {serifs|numerals|ligatures|signs}",
        "This week\n\n* {A letter cut in stone|A sign painter at work|Numbers that line up}\n* {Reading at small sizes|Ink and paper}\n"
        "* {Jobs|Answers}\n\nhttps://typeweekly.example/%issue%\n\nStop: https://typeweekly.example/stop/%ref%\nType Weekly, 31 Foundry Row\n",
        "typeweekly.example",
    ),
)  # fmt: skip

LISTS = (
    Letter(
        "birds", "%peer% <%peer%@smallpost.example>", "[birds] %topic%",
        "{On|About} %topic%: I {saw|counted} {two|five|a dozen} {this morning|on Sunday} by the {weir|old pier}. {Has anyone|Did "
        "anybody} {else seen them|heard them at night}?\n\n-- \n%peer%\n_______________________________________________\nbirds mailing "
        "list\nbirds@lists.openlists.example\nhttps://lists.openlists.example/options/birds\n",
        "lists.openlists.example", "birds.lists.openlists.example",
    ),
    Letter(
        "bindery", "%peer% <%peer%@smallpost.example>", "[bindery] Re: %topic%",
        "> how do you {press|trim|sew} it?\n\n{With|By means of} {a bone folder|two boards and patience|waxed thread}. %topic% {is|was} "
        "{easier|harder} than it looks.\n\n%peer%\n_______________________________________________\nbindery mailing list\n"
        "bindery@lists.openlists.example\n",
        "lists.openlists.example", "bindery.lists.openlists.example",
    ),
)  # fmt: skip

PEOPLE = (
    Letter(
        "note", "%peer% <%peer%@%home%>", "{Re: |}%topic%",
        "Hi %who%,\n\n{thanks for|about} %topic%: {Tuesday|Friday|the weekend} {works|suits me}. {I will|Shall I} bring {the papers|"
        "the key|cake}?\n\n{See you|Yours|Love},\n%peer%\n",
        "",
    ),
    Letter(
        "minutes", "%peer% <%peer%@%home%>", "{Minutes|Notes}: %topic%",
        "Dear all,\n\n{attached|below} are {my notes|the minutes} on %topic%. {Corrections|Changes} {by|before} {Thursday|noon}, "
        "please.\n\n1. {Budget|Roof|Rota}: {agreed|put off}\n2. {Dates|Keys}: see above\n\n{Regards|Best wishes},\n%peer%\n",
        "",
    ),
)  # fmt: skip

PEERS = ("ada", "bruno", "clara", "dev", "esther", "farid", "greta", "hugo", "ines", "jonah")
TOPICS = (
    "the reading group", "a choir rehearsal", "the roof", "the June exam list", "grebes", "marbled paper", "the boat shed",
    "the spare key", "next week's seminar", "the allotment water", "half leather", "swifts", "the annual meeting", "a lost umbrella",
)  # fmt: skip
