"""Reporters that many desks hear from, by the domain their mail comes from: a name for a person, and no proof of it."""

from __future__ import annotations

_KNOWN = {
    "aol.net": "AOL feedback loop",
    "aol.com": "AOL feedback loop",
    "mx.aol.com": "AOL feedback loop",
    "arf.mail.yahoo.com": "Yahoo feedback loop",
    "mail.yahoo.com": "Yahoo feedback loop",
    "hotmail.com": "Microsoft Junk Mail Reporting",
    "comcastfbl.senderscore.net": "Comcast feedback loop",
    "fbl.cox.net": "Cox feedback loop",
    "fbl.fastmail.com": "Fastmail feedback loop",
    "fbl.hostedemail.com": "OpenSRS feedback loop",
    "fbl.apps.rackspace.com": "Rackspace feedback loop",
    "feedback.postmaster.rr.com": "Road Runner feedback loop",
    "fbl.synacor.com": "Synacor feedback loop",
    "fbl.usa.net": "USA.net feedback loop",
    "feedback.bluetie.com": "BlueTie feedback loop",
    "fbl.zoho.com": "Zoho feedback loop",
    "senderscore.net": "Validity feedback loop",
    "returnpath.net": "Validity feedback loop",
    "spamcop.net": "SpamCop",
    "abusix.com": "Abusix",
    "abusix.org": "Abusix",
    "blocklist.de": "blocklist.de",
    "clean-mx.de": "CLEAN MX",
    "netcraft.com": "Netcraft",
    "reports.abusehub.nl": "AbuseHub",
    "abusehub.nl": "AbuseHub",
    "projecthoneypot.org": "Project Honey Pot",
    "shadowserver.org": "Shadowserver",
    "spamhaus.org": "Spamhaus",
    "abuseipdb.com": "AbuseIPDB",
    "webiron.com": "WebIron",
    "ip-echelon.com": "IP-Echelon",
    "copyright-compliance.com": "Irdeto",
    "cert-bund.de": "CERT-Bund",
    "reports.cert-bund.de": "CERT-Bund",
    "phishlabs.com": "PhishLabs",
    "fraudwatchinternational.com": "FraudWatch",
    "profihost.com": "Profihost",
    "spamexperts.com": "SpamExperts",
    "junkemailfilter.com": "Junk Email Filter",
}


def name_of(domain: str) -> str:
    """The reporter whose domain, or a subdomain of it, this is; "" for all others."""
    labels = domain.lower().strip(".").split(".")
    for cut in range(len(labels) - 1):
        if (known := _KNOWN.get(".".join(labels[cut:]))) is not None:
            return known
    return ""
