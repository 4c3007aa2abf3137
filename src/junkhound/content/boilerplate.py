"""Words that say nothing of what a mail is about: the short ones of each language, and those of its small print.

How to leave the list, how to see the pictures, who may copy what: strangers write these sentences word by word alike.
"""

from __future__ import annotations

from junkhound.content import language, template

_SMALL_PRINT: dict[str, str] = {
    "en": "unsubscribe unsubscribed unsubscribing unsubscription unsub subscribe subscribed subscriber subscribers"
          " subscription subscriptions opt optout opted optin longer wish want prefer like receive received receiving"
          " further future email emails mail mails mailing mailings message messages newsletter newsletters list lists"
          " preference preferences manage remove removed removal removing yourself link links click clicking clicked"
          " below above advertiser advertisement advertisements advertising advertise communication communications"
          " commercial write writing reply replying replied view viewing see seeing browser images image picture online"
          " display displayed properly correctly version web website page pages address addresses send sending sent"
          " intended mailed mailer copyright rights right reserved privacy policy policies terms conditions contact"
          " notification notifications third party forward forwarded friend trouble problem having cannot cant dont"
          " does did doesnt suite street floor road avenue blvd drive box llc inc ltd corp company team sincerely"
          " regards thanks thank hello hi dear sir madam following such should would could may might must which those"
          " these there then than because where when into onto upon been being very every each any some other others"
          " another own also just even still yet ever never always please him her his he she himself per via re fw"
          " fwd within without through during after before again once between both few same too over under off"
          " immediately process processed request requests stop them let lets make made was were unwanted error"
          " load loading load enable enabled allow add book safe sender ensure delivery inbox folder spam attached"
          " control offices office located location"
          " trademark trademarks registered service services support settings setting change changes automated"
          " automatically follow follows generated monitored unmonitored responsible responsibly liability",
    "de": "abmelden abmeldung abbestellen abgemeldet austragen kündigen abonnement abonnements abonniert newsletter"
          " mail mails email emails erhalten möchten möchte mehr keine weiteren weitere zukunft künftig klicken klick"
          " sie indem wenn falls diese dieser dieses link unten browser ansehen anzeigen angezeigt richtig bilder bild"
          " werbung nachricht nachrichten adresse impressum datenschutz agb rechte vorbehalten gesendet empfangen"
          " liste entfernen können könnte du dich dir mich dein deine ihren ihrer ihres einer eines einem vom zum zur"
          " beim am um durch bis ab so dann doch hallo liebe lieber sehr geehrte geehrter freundlichen grüßen mit"
          " team gmbh straße antworten antwort schreiben",
    "fr": "désabonner désabonnement désinscrire désinscription désinscrivez abonné abonnement inscrit recevoir recevez"
          " souhaitez voulez plus courrier courriel courriels mail mails email emails message messages lettre"
          " lien cliquer cliquant dessous navigateur afficher affiche correctement image images version ligne page"
          " publicité droits réservés confidentialité conditions adresse envoyé destiné liste retirer supprimer"
          " répondre répondant si ne se sa son ses leur leurs mes mon ma aux ainsi comme cordialement madame monsieur"
          " équipe rue bonjour chère cher futur prochains nos ici",
    "es": "suscripción suscribir suscrito suscribirse desuscribirse darse baja cancelar recibir reciba recibe desea"
          " deseas quiere correos mensaje mensajes boletín enlace haga clic hacer pulse abajo navegador ver visualizar"
          " imagen imágenes versión línea página publicidad derechos reservados privacidad política condiciones"
          " dirección enviado enviar lista eliminar responder nuestra estos estas ese esa desde hasta también estimado"
          " estimada cliente saludos equipo futuro futuros",
    "it": "disiscriversi disiscriviti cancellarsi cancellati iscrizione iscritto iscriviti ricevere ricevi ricevuto"
          " desidera desideri vuoi messaggio messaggi mail email newsletter link cliccare cliccando sotto browser"
          " visualizzare visualizza immagini immagine versione online pagina pubblicità diritti riservati privacy"
          " condizioni indirizzo inviato inviata lista rimuovere rispondere futuro future",
    "pt": "descadastrar cancelar inscrição inscrever assinatura receber recebe recebeu deseja quiser mensagem mensagens"
          " email emails boletim link clicar clicando abaixo navegador ver visualizar imagem imagens versão página"
          " publicidade direitos reservados privacidade política condições endereço enviado enviada lista remover"
          " responder esta esse essa isso caso prezado prezada olá atenciosamente equipe futuro",
    "nl": "uitschrijven afmelden uitgeschreven afgemeld ontvangen ontvang wilt wil niet meer mail mails email emails"
          " bericht berichten nieuwsbrief link hieronder browser bekijken bekijk afbeeldingen online versie pagina"
          " rechten voorbehouden privacy voorwaarden adres verzonden lijst verwijderen toekomst beste",
    "sv": "avsluta prenumeration avregistrera avprenumerera ta emot får mail mejl meddelande nyhetsbrev länk",
    "da": "afmeld afmelde framelde modtage mail mails besked nyhedsbrev link",
    "no": "avmelde meld motta mail eposter melding nyhetsbrev lenke",
    "pl": "wypisać wypisz rezygnacja subskrypcji subskrypcję otrzymywać wiadomości wiadomość newsletter link",
    "cs": "odhlásit odhlášení odběru dostávat zprávy zprávu newsletter odkaz",
    "tr": "abonelik abonelikten çıkmak çık almak eposta mesaj bülten bağlantı",
}  # fmt: skip

# A sender's postal address stands in the small print because a law asks for it (15 USC 7704(a)(5)).
_POSTAL = (
    "st nd rd th ave blvd dr ln ct pl sq hwy pkwy way court place plaza square circle lane highway parkway center tower"
    " building ste apt unit fl po pmb post office zip code county usa united states america canada north south"
    " east west"
    " ne nw se sw al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd"
    " oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy on qc bc ab los angeles san diego francisco jose antonio"
    " las vegas"
    " new york brooklyn austin houston dallas phoenix scottsdale miami orlando tampa jacksonville lauderdale atlanta"
    " chicago boston denver seattle portland salt lake city philadelphia washington toronto vancouver montreal london"
    " alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois"
    " indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri"
    " montana"
    " nebraska nevada hampshire jersey mexico carolina dakota ohio oklahoma oregon pennsylvania rhode island tennessee"
    " texas utah vermont virginia wisconsin wyoming ontario quebec palo alto mountain view redmond cupertino menlo park"
)

WORDS = frozenset(
    word
    for words in (*language.COMMON.values(), *_SMALL_PRINT.values(), _POSTAL)
    for word in template.words(template.fold(words.encode())[0])[0]
)
"""The words, as folded text has them."""


def own(folded: bytes) -> int:
    """How many different words of a folded text are its own."""
    return sum(word not in WORDS for word in template.words(folded)[0])
