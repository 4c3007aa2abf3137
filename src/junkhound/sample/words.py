"""What the junk of the sample says: campaigns whose templates vary with every mail. All words are our own.

``{this|that}`` is one of them, ``%slot%`` is filled by the mail: ``host`` (a linked host), ``who`` (the
recipient's local part), ``n`` (a number), ``ref`` (letters and digits), ``tail`` (words against hashing).
"""

# ruff: noqa: E501 - a template reads best unbroken

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Campaign:
    """One campaign: subjects, template versions over time, the hosts it links and the form of its mail."""

    name: str
    kind: str
    subjects: tuple[str, ...]
    bodies: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    form: str = "plain"
    senders: tuple[str, ...] = ("%word%@%junkdomain%",)
    mailer: str = ""


PHARMACY = Campaign(
    "pharmacy",
    "pharma",
    (
        "{Your|The} {order|refill} is {ready|waiting}",
        "{Save|Keep} %n%% on {every|each} {pack|bottle}",
        "Re: {prescription|refill} %ref%",
        "{Doctors|Nurses} {buy|order} here too",
    ),
    (
        "Hello %who%,\n\n{Why|What for} pay the {corner|high street} chemist? Our {licensed|trusted} warehouse {ships|sends} "
        "the same {tablets|capsules} for {less than half|a third}.\n\n  Blue tablets, %n% pieces  ....  $%n%.95\n"
        "  Sleeping capsules  ............  $%n%.50\n  Slimming tea  .................  $9.%n%\n\n"
        "{No visit, no questions|No waiting room, no forms}: http://%host%/{shop|store|rx}?c=%ref%\n\n"
        "{Discreet|Plain} parcel, {delivered|at your door} in {four|six|nine} days.\n\n%tail%\n",
        "Dear {customer|friend},\n\nthe {autumn|spring|yearly} sale of the {Barn|Harbour|Lantern} Pharmacy has {begun|opened}. "
        "{Every|Each} pack comes with {two|four} tablets free and a {doctor|pharmacist} answers by mail.\n\n"
        "{Look|See|Choose} here: http://%host%/%ref%\n\nTo {leave|stop}, {reply|answer} with the word {no|off}.\n%tail%\n",
        "%who%, {your neighbours|men like you|people your age} {have stopped|no longer} {overpaying|queueing}.\n\n"
        "http://%host%/{a|b|c}/%ref%/\n\n{Generic|Own label} tablets from $%n%.%n% a {strip|box}. {Refund|Money back} if the "
        "parcel is {late|lost}.\n%tail%\n",
    ),
    tuple(f"{word}{number}.example" for word in ("pillbarn", "bluechemist", "rxlantern") for number in range(1, 8)),
    form="html",
)

STOCK = Campaign(
    "stock-tout",
    "stock",
    (
        "{Watch|Eyes on} Q Z L H {Monday|this week}",
        "QZLH: {the drill|the survey} {results|numbers} are {out|in}",
        "{quiet|small} company, {loud|big} {news|week}",
    ),
    (
        "{ALERT|NOTICE|BULLETIN}: Quarry Lamp Holdings\n\n   Symbol:  {QZLH|Q-Z-L-H|Q Z L H}\n   Now:     $0.%n%\n"
        "   5 day target:  $1.%n%\n   Rating:  {strong buy|buy|buy now}\n\n{Sources close to the company|Our desk} {expect|expects} "
        "an announcement {before the bell|on Thursday} about the {lamp oil|copper|tin} {find|field}. The {last|previous} pick of "
        "this letter {went up|rose} %n%% in {two|three|four} days. {Get in|Be early}, {tell your broker|call your broker} "
        "{today|first thing}.\n\n%tail%\n",
        "Investors, {remember|mark} the name: QUARRY LAMP (QZLH).\n{Volume|Trading} {tripled|doubled} {yesterday|on Friday}, the "
        "price {did not|has yet to} follow. At $0.%n% it is {a gift|cheap}. {We see|Analysts see} $1.%n% by {the end of the "
        "month|next week}.\n\nThis letter holds %n%0,000 shares and may sell {them|any of them} without notice.\n%tail%\n",
    ),
    form="picture",
)

PHISH = Campaign(
    "bank-phish",
    "phish",
    (
        "{Notice|Important}: your {account|card} is {limited|on hold}",
        "{Unusual|New} sign-in to your account",
        "{Please|Kindly} {confirm|review} your details (%ref%)",
    ),
    (
        "Dear {customer|member},\n\nwe {noticed|recorded} {an attempt|attempts} to sign in to your Harbour Bank account from {an "
        "unknown|a new} {device|place}. {To keep|In order to keep} your money safe the account {has been|is} limited.\n\n"
        "{Sign in|Please sign in} within {24|48} hours: https://%host%/harbourbank/{login|verify}/?id=%ref%\n\n"
        "If you do not, {access ends|the account will be closed}.\n\nHarbour Bank {Security|Safety} {Team|Desk}\n",
        "{Good day|Hello} %who%,\n\nyour {security questions|card details} {are out of date|have expired}. {Update|Renew} them "
        "{now|today}:\n\nhttps://%host%/secure/%ref%/harbour-bank.html\n\n{This is an automatic message|Do not answer this "
        "message}.\nHarbour Bank, Quay Street 1\n",
    ),
    tuple(
        f"{word}-harbourbank.example" for word in ("secure", "my", "login", "verify", "alert", "web1", "web2", "safe")
    ),
    form="alternative",
    senders=("service@harbourbank.example", "alerts@harbourbank.example", "security@%junkdomain%"),
)

PHISH_GERMAN = Campaign(
    "parcel-phish",
    "phish",
    ("Ihr Paket {wartet|konnte nicht zugestellt werden}", "{Zustellung|Lieferung} %ref% {offen|angehalten}"),
    (
        "Guten Tag,\n\nIhre Sendung %ref% liegt in unserem {Verteilzentrum|Lager}. Für die Zustellung {fehlt|fehlen noch} eine "
        "Gebühr von {1|2},%n% €.\n\n{Bitte zahlen Sie|Zahlen Sie} innerhalb von {zwei|drei} Tagen: https://%host%/paket/%ref%\n\n"
        "Sonst geht die Sendung {zurück an den Absender|zurück}.\n\nMit freundlichen Grüßen\nIhr Paketdienst\n",
    ),
    tuple(f"paket-{word}.example" for word in ("gebuehr", "zoll", "info", "dienst", "status")),
    form="latin",
    senders=("zustellung@%junkdomain%", "paket@%junkdomain%"),
)

ADVANCE_FEE = Campaign(
    "advance-fee",
    "advance fee",
    (
        "{Confidential|Private} {matter|proposal}",
        "{Estate|Inheritance} of the late {Mr|Dr} {Okoro|Larkin|Vandermeer}",
        "{Attention|Dear} {beneficiary|friend}",
        "{I need|seeking} your {trust|help}",
    ),
    (
        "{Dear friend|Good day|Greetings},\n\nI am {Barrister|Advocate} Samuel {Okoro|Larkin}, {lawyer|solicitor} to the late "
        "engineer A. Vandermeer, who {died|passed away} with his {wife and daughter|whole family} {in an accident|at sea} in "
        "{2009|2011|2014}. He left {US$|EUR }%n%.4 million {with|in the vault of} {a bank here|the Meridian Trust}. No {heir|next "
        "of kin} came {forward|to claim it}, and the bank will {keep|seize} the money unless I {present|name} a relative. You "
        "{share|bear} his name.\n\nI {propose|offer} 40% for you. {It is|All this is} {legal|without risk}. {Send|Give} me your full "
        "name, telephone and {occupation|address} {today|by return}, {only|and only} to {barrister.okoro|s.larkin.chambers}"
        "@freepost.example, or call +999 555 01%n%.\n\n{Yours in trust|God bless|Yours faithfully},\nSamuel {Okoro|Larkin}\n",
        "{Hello|My dear},\n\nI {write|am writing} from {my sick bed|hospital}. My {late husband|husband, now dead,} was a {cocoa|"
        "timber} merchant and left a {trunk|metal box} with a {security company|finance house}. The doctor gives me {months|weeks}. I "
        "{wish|want} to {give|donate} it to {orphans|the poor} through {an honest|a God-fearing} person. {Will you help|Can you "
        "help}? {Write|Answer} to mrs.grace.{larkin|morrow}@freepost.example and I will {tell|send} you everything.\n\nMrs Grace\n",
    ),
    senders=("samuel.okoro%n%@bigmail.example", "grace.larkin%n%@bigmail.example"),
)

MULES = Campaign(
    "mule-recruitment",
    "mule recruitment",
    (
        "{Part time|Home} {job|work} for {honest|reliable} people",
        "Regional {payment|finance} {agent|assistant} wanted",
        "{Your|Re: your} application (%ref%)",
    ),
    (
        "{Hello|Dear %who%},\n\nPolar Lantern Logistics {seeks|is looking for} {payment|regional finance} agents in your country. "
        "{Duties|The work}: {receive|accept} transfers from our {clients|buyers} to your bank account, {keep|deduct} {5|7|8}% as "
        "your pay and {forward|send on} the rest {by money transfer|to our partners} {within the day|the same day}.\n\n- {two|three} "
        "hours a {day|week}\n- no {investment|experience}\n- about {2|3},%n%0 a month\n\n{You need|Needed}: a bank account "
        "{older than a month|in good standing} and a telephone. {Apply|Write}: {hr|jobs|vacancy}@%host%\n\n{Anna|Mark|Paula} "
        "Lindqvist, personnel\n",
    ),
    ("polarlantern-jobs.example", "polarlantern-hr.example", "polarlantern-work.example"),
    senders=("hr@%junkdomain%", "vacancy@%junkdomain%"),
)

REPLICA = Campaign(
    "watches",
    "replica",
    (
        "{Look|Be} {rich|successful} for $%n%",
        "{Watches|Timepieces} nobody can tell apart",
        "{Gift|Present} for {him|her}?",
    ),
    (
        "{A fine watch|The right watch} {opens|opens all} doors. {Ours|These} {cost|are} $%n%, {not|instead of} $%n%,000.\n\n"
        "{Swiss look|Heavy case}, {sapphire|mineral} glass, {box|papers} {included|free}.\n\nhttp://%host%/{w|t}%n%\n\n%tail%\n",
        "<< {Timepieces|Bags|Pens} of the {best|great} houses >>\n\n{Only|Just} until {Sunday|midnight}: two for one.\n"
        "{Type this into your browser|Copy this into your browser}: %host% (no spaces)\n\n%tail%\n",
    ),
    tuple(f"{word}-replica.example" for word in ("grandhour", "seconds", "tick", "royalcase", "goldhand")),
    form="html",
)

CASINO = Campaign(
    "casino",
    "gambling",
    ("{100|200}% on your first deposit", "{Chips|A seat} {reserved|waiting} for %who%", "{Spin|Play} {tonight|now}"),
    (
        "{The tables are open|Tables open now}, %who%!\n\n{First|Your first} deposit doubled, up to $%n%0. {Roulette|Blackjack}, "
        "{poker|slots}, {live|real} dealers.\n\nhttp://%host%/{join|play}?a=%ref%\n\n{18+|Adults only}. %tail%\n",
    ),
    tuple(f"{word}casino.example" for word in ("velvetmoon", "lucky7mile", "redlantern")),
    form="html",
)

RUSSIAN = Campaign(
    "seminar",
    "seminar",
    ("Семинар: {налоги|таможня} {для всех|без ошибок}", "{Приглашаем|Приглашение} на семинар"),
    (
        "{Здравствуйте|Добрый день}!\n\n{Приглашаем|Зовём} вас на семинар «{Налоги|Таможня} без {ошибок|штрафов}». {Два|Три} дня, "
        "{обед|кофе} включён, {всем|каждому} {участникам|слушателям} {справочник|сертификат}.\n\n{Запись|Места}: телефон "
        "(495) 555-01-%n%, стоимость %n%00 рублей.\n\n{Отписаться|Отказаться}: %host%/off\n",
    ),
    ("seminar-kurs.example", "kurs-nalog.example"),
    form="koi8",
    senders=("seminar@%junkdomain%",),
)

INVOICES = Campaign(
    "invoices",
    "invoices",
    ("代开{发票|各类发票}", "{财务|会计}: 优惠{代开|办理}"),
    (
        "{您好|贵公司财务},\n\n本公司{长期|现}代开各类{普通|增值税}发票, 税率{优惠|低}, {验证|先验}后付款。\n\n联系人: {陈|李|王}先生 "
        "电话 138-5550-01%n%\n邮箱: fapiao%n%@%host%\n",
    ),
    ("fapiao-service.example",),
    form="gb",
    senders=("caiwu%n%@%junkdomain%",),
)

FREIGHT = Campaign(
    "b2b",
    "cold offer",
    ("{Custom|Printed} {bags|labels} from the {factory|maker}", "{Can I|May I} ask who buys {packaging|pallets}?"),
    (
        "Hi %who%,\n\n{I hope this finds you well|Hope you are well}. We {make|produce} {paper bags|labels|pallets} and {save|cut} "
        "firms like yours %n%% on {packaging|shipping}. {Would|Could} {Tuesday|Thursday} suit {for a call|for ten minutes}?\n\n"
        "{Best|Kind} regards,\n{Jonas|Petra|Milo} from Crate & Cord\nhttps://%host%/{hello|intro}?m=%ref%\n\n"
        "Crate & Cord, 12 Rope Walk. Not for you? https://%host%/{bye|off}/%ref%\n",
    ),
    tuple(f"crateandcord{number}.example" for number in range(1, 13)),
    form="alternative",
    senders=("jonas@%host%", "petra@%host%", "milo@%host%"),
)

CAMPAIGNS = {
    campaign.name: campaign
    for campaign in (
        PHARMACY, STOCK, PHISH, PHISH_GERMAN, ADVANCE_FEE, MULES, REPLICA, CASINO, RUSSIAN, INVOICES, FREIGHT,
    )
}  # fmt: skip

# Words against hashing, as such mail ends with.
TAIL = (
    "meadow", "ladder", "copper", "window", "thirteen", "quarrel", "basket", "engine", "harbour", "lemon", "stubborn", "winter", "pencil", "orchard", "granite", "whisper", "saddle", "market", "thunder", "candle", "village", "bottle", "journey", "feather", "kitchen", "marble", "sparrow", "anchor", "velvet", "hammer", "ticket", "mountain", "lantern", "sugar", "railway", "timber", "puzzle", "island", "barrel", "compass", "needle",
)  # fmt: skip
