"""Forwards as the common mail programs write them, in several languages; every mail in them is made up."""

from __future__ import annotations

from typing import NamedTuple


class Forward(NamedTuple):
    """A text, the program that wrote it, what its forwarded mail must show."""

    name: str
    program: str
    text: str
    sender: str = "win@lottery.example"
    subject: str = "You have won"


FORWARDS = (
    Forward("outlook", "outlook", """\
Please stop this.

-----Original Message-----
From: Lottery [mailto:win@lottery.example]
Sent: Tuesday, May 02, 2006 3:02 PM
To: Ann Other
Subject: You have won

Send us your bank account.
"""),
    Forward("outlook 365", "outlook", """\
Is this yours?

________________________________
From: Lottery <win@lottery.example>
Sent: Monday, January 6, 2025 10:04 AM
To: ann@victim.example <ann@victim.example>
Subject: You have won

Send us your bank account.
"""),
    Forward("outlook german", "outlook", """\
Bitte abstellen.

-----Ursprüngliche Nachricht-----
Von: Lottery [mailto:win@lottery.example]
Gesendet: Dienstag, 2. Mai 2006 15:02
An: Ann Other
Betreff: You have won

Send us your bank account.
"""),
    Forward("outlook french", "outlook", """\
-----Message d'origine-----
De : Lottery [mailto:win@lottery.example]
Envoyé : mardi 2 mai 2006 15:02
À : Ann Other
Objet : You have won

Send us your bank account.
"""),
    Forward("gmail", "gmail", """\
spam!!

---------- Forwarded message ---------
From: Lottery <win@lottery.example>
Date: Mon, Jan 6, 2025 at 10:04 AM
Subject: You have won
To: <ann@victim.example>


Send us your bank account.
"""),
    Forward("gmail spanish", "gmail", """\
---------- Mensaje reenviado ----------
De: Lottery <win@lottery.example>
Fecha: lun, 6 ene 2025 a las 10:04
Asunto: You have won
Para: <ann@victim.example>

Send us your bank account.
"""),
    Forward("apple mail", "apple mail", """\
FYI

> Begin forwarded message:
>
> From: Lottery <win@lottery.example>
> Subject: You have won
> Date: 6 January 2025 at 10:04:05 GMT
> To: ann@victim.example
>
> Send us your bank account.
"""),
    Forward("apple mail japanese", "apple mail", """\
転送されたメッセージ:

差出人: Lottery <win@lottery.example>
件名: You have won
日付: 2025年1月6日 10:04:05 JST
宛先: ann@victim.example

Send us your bank account.
"""),
    Forward("thunderbird", "thunderbird", """\
-------- Forwarded Message --------
Subject: \tYou have won
Date: \tMon, 6 Jan 2025 10:04:05 +0000
From: \tLottery <win@lottery.example>
To: \tann@victim.example



Send us your bank account.
"""),
    Forward("thunderbird italian", "thunderbird", """\
-------- Messaggio inoltrato --------
Oggetto: \tYou have won
Data: \tMon, 6 Jan 2025 10:04:05 +0000
Mittente: \tLottery <win@lottery.example>
A: \tann@victim.example

Send us your bank account.
"""),
    Forward("yahoo", "yahoo", """\
----- Forwarded Message -----
From: Lottery <win@lottery.example>
To: "ann@victim.example" <ann@victim.example>
Sent: Monday, January 6, 2025 at 10:04:05 AM GMT
Subject: You have won

Send us your bank account.
"""),
    Forward("lotus notes", "lotus notes", """\
----- Forwarded by Ann Other/HQ/Victim on 02/05/2006 15:02 -----

From: Lottery <win@lottery.example>
To: ann@victim.example
Date: 02/05/2006 14:58
Subject: You have won

Send us your bank account.
"""),
    Forward("dutch", "outlook", """\
-----Oorspronkelijk bericht-----
Van: Lottery [mailto:win@lottery.example]
Verzonden: dinsdag 2 mei 2006 15:02
Aan: Ann Other
Onderwerp: You have won

Send us your bank account.
"""),
    Forward("russian", "outlook", """\
-----Исходное сообщение-----
От: Lottery <win@lottery.example>
Отправлено: 6 января 2025 г. 10:04
Кому: ann@victim.example
Тема: You have won

Send us your bank account.
"""),
    Forward("polish", "outlook", """\
-----Wiadomość oryginalna-----
Od: Lottery <win@lottery.example>
Wysłano: 6 stycznia 2025 10:04
Do: ann@victim.example
Temat: You have won

Send us your bank account.
"""),
    Forward("portuguese", "outlook", """\
-----Mensagem original-----
De: Lottery <win@lottery.example>
Enviada em: segunda-feira, 6 de janeiro de 2025 10:04
Para: ann@victim.example
Assunto: You have won

Send us your bank account.
"""),
    Forward("swedish", "outlook", """\
-----Ursprungligt meddelande-----
Från: Lottery <win@lottery.example>
Skickat: den 6 januari 2025 10:04
Till: ann@victim.example
Ämne: You have won

Send us your bank account.
"""),
    Forward("chinese", "outlook", """\
-----原始邮件-----
发件人: Lottery <win@lottery.example>
发送时间: 2025年1月6日 10:04
收件人: ann@victim.example
主题: You have won

Send us your bank account.
"""),
    Forward("no marker, bold labels", "", """\
Look at that:

*From:* Lottery <win@lottery.example>
*Sent:* Monday, January 6, 2025 10:04 AM
*To:* ann@victim.example
*Subject:* You have won

Send us your bank account.
"""),
)  # fmt: skip

WHOLE = """\
I get this every day, please stop it. The headers:

Return-Path: <win@lottery.example>
Received: from dsl-7.access.example (dsl-7.access.example [192.0.2.7])
\tby mx.victim.example (Postfix) with SMTP id 4F1B2C3D5E
\tfor <ann@victim.example>; Mon, 6 Jan 2025 10:04:05 +0000 (UTC)
Message-ID: <abc@lottery.example>
From: Lottery <win@lottery.example>
To: ann@victim.example
Subject: You have won
Date: Mon, 6 Jan 2025 10:04:00 +0000

Send us your bank account.
"""
