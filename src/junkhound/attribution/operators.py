"""Operator types read from organisation names, only where the name leaves no doubt.

The rules are dated, and a packed table says which edition it used. A name that fits two types stays UNKNOWN,
and so does every name without a telling word: most telephone companies sell access, servers and
transit under one name, and a guess here would shorten or lengthen real listings.
"""

from __future__ import annotations

import re

from junkhound.tables import Operator

RULES = "2026-11-22"

# words and phrases by type, separated by commas; * stands for the rest of a word
_WORDS = {
    Operator.EDUCATION: """
        university, universities, universitat, universität, universitaet, universiteit, université, universite,
        università, universita, universidad, universidade, universitas, universitatea, univerzita, univerzitet,
        uniwersytet*,
        polytechnic, polytechnics, politechnika, hochschule, fachhochschule, school district, school districts,
        public schools, high school, community college, state college, college of, école, instituto federal de educa*,
        academic computer*, academic network*, academic and research*
    """,
    Operator.GOVERNMENT: """
        ministry of, ministério d*, ministerio d*, ministère d*, ministere d*, department of defense,
        department of transportation, department of the interior, department of education, department of health*,
        department of justice, department of energy, department of homeland*, dod network information center,
        government of, federal government, state government, county government, u.s. department, us department,
        house of representatives, parliament, parlament, senate, city of, county of, state of, commonwealth of,
        secretaria de, prefeitura, tribunal, police, u.s. army, us army, u.s. navy, us navy, air force,
        usaisc
    """,
    Operator.ENTERPRISE: """
        bank, banks, banco, banque, sparkasse, sparkassen, insurance, assicurazioni, versicherung*, hospital, hospitals,
        airline, airlines, airways, automotive, pharmaceutical, pharmaceuticals
    """,
    Operator.HOSTING: """
        hosting, webhosting, data center, data centers, data centre, data centres, datacenter, datacenters,
        dedicated server, dedicated servers, vps, colocation, colo, servers, hetzner*, ovh, digitalocean, linode,
        akamai connected cloud,
        leaseweb, contabo, vultr, constant company, choopa, amazon.com, amazon technologies, google cloud,
        alibaba cloud, tencent cloud, rackspace, godaddy*, dreamhost, bluehost, hostinger, ionos, strato, scaleway,
        kamatera, m247,
        quadranet, hostwinds, oneprovider, psychz, colocrossing, serverius
    """,
    Operator.MAIL_PROVIDER: """
        sendgrid, mailgun, mailchimp, rocket science group, proofpoint, mimecast, messagelabs, fastmail, sparkpost,
        message systems, constant contact, mailjet, sendinblue, postmark, mailroute, spamhero, exacttarget, responsys,
        cheetahmail
    """,
    Operator.MOBILE: "cellular, cellco partnership, t-mobile usa, at&t mobility",
    Operator.ACCESS: """
        broadband, cablevision, cable tv, cabletv, catv, cable television, cable internet, cable communications,
        fiber to the home, fibre to the home, ftth, adsl, dsl, charter communications, cox communications, virgin media,
        talktalk, internet service provider, internet service providers, free sas, proxad
    """,
}


def _rule(words: str) -> re.Pattern[str]:
    phrases = (re.escape(" ".join(phrase.split())).replace(r"\*", r"\w*") for phrase in words.split(","))
    return re.compile(rf"\b(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


_RULES = tuple((kind, _rule(words)) for kind, words in _WORDS.items())

# what IPinfo and IP2Location write into a `type` field
_TYPES = {
    "isp": Operator.ACCESS,
    "hosting": Operator.HOSTING,
    "dch": Operator.HOSTING,
    "business": Operator.ENTERPRISE,
    "com": Operator.ENTERPRISE,
    "education": Operator.EDUCATION,
    "edu": Operator.EDUCATION,
    "government": Operator.GOVERNMENT,
    "gov": Operator.GOVERNMENT,
    "mobile": Operator.MOBILE,
    "mob": Operator.MOBILE,
}


def operator(organisation: str) -> Operator:
    """The kind of network the name speaks of; UNKNOWN where it says nothing or two things."""
    name = organisation[:200]
    found = [kind for kind, words in _RULES if words.search(name)]
    return found[0] if len(found) == 1 else Operator.UNKNOWN


def operator_type(word: str) -> Operator:
    """A provider's own word for the type (``isp``, ``hosting``), UNKNOWN for any other."""
    return _TYPES.get(word.strip().lower(), Operator.UNKNOWN)
