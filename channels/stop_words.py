"""Recognises a message that says nothing but that the person wants no more of ours.

What says anything else beside it is a message: « ne m'écrivez plus à l'ancienne adresse, le trou est
toujours là » has to be worked by somebody. Words of courtesy around it are no more than that.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 160  # characters: who says more than this says something else
_WORD = re.compile(r"[^\W_]+")


def _plain(text: str) -> str:
    """Write words in small letters without accents, a space between them and nothing else."""
    letters = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", bare)))


_SENT = r"(?:sms|textos?|messages?|msgs?|mails?|e ?mails?|courriels?|notifications?)"
_MANY = r"(?:sms|textos|messages|msgs|mails|e ?mails|courriels|notifications)"
_THESE = r"(?:(?:de|d|des|les|vos|ces|tous|aucun|autres?) )*"
_FRENCH = (
    rf"(?:stop|arret)(?: (?:aux?|a|les|vos|ces|des|de|tous))* {_MANY}",
    rf"(?:je )?(?:ne |n )?(?:veux|souhaite|desire|voudrais|aimerais) plus (?:recevoir |avoir )?{_THESE}{_SENT}(?: de votre part)?",
    r"(?:je )?(?:ne |n )?(?:veux|souhaite|desire) plus (?:rien )?recevoir(?: rien)?",
    rf"(?:ne )?me? ?(?:ecrivez|ecris|envoyez|envoie|contactez|contacte) plus(?: jamais)?(?: rien| {_THESE}{_SENT})?",
    rf"ne plus (?:jamais )?me? ?(?:ecrire|contacter|envoyer (?:rien|{_THESE}{_SENT}))",
    rf"(?:d )?(?:arrete[zr]?|cesse[zr]?|stop) (?:de )?me? ?(?:ecrire|contacter|envoyer {_THESE}{_SENT})",
    rf"(?:d )?(?:arrete[zr]?|cesse[zr]?) {_THESE}{_MANY}",
    rf"(?:plus|plus jamais|fin) (?:de |des |d )?{_MANY}",
    r"(?:je )?(?:veux |souhaite |voudrais |demande )?(?:a )?(?:me |ma |mon )?(?:desinscription|desinscrire|desabonnement|desabonner)",
    r"(?:desinscrivez|desinscris|desabonnez|desabonne) (?:moi|nous)|je me (?:desinscris|desabonne)",
    r"(?:retirez|enlevez|otez) moi de (?:votre|vos|la|cette) listes?",
)
_ANY = r"(?:(?:any|more|these|those|your|the|all|me|us|further|of|such) )*"
_ENGLISH = (
    r"(?:unsubscribe|unsub|opt out|opt me out)(?: me| us)?",
    r"(?:i )?(?:want|would like|wish) to (?:unsubscribe|opt out)",
    r"(?:remove me from|take me off) (?:your|the|this) (?:mailing |contact )?list",
    r"stop (?:texting|messaging|e ?mailing|contacting|writing to|writing)(?: me| us)?",
    rf"stop (?:sending )?{_ANY}(?:{_MANY}|texts|text messages)",
    rf"no more (?:{_MANY}|texts|text messages)",
    r"(?:do not|don t|dont|never) (?:text|message|e ?mail|contact|write to|write) (?:me|us) (?:any ?more|again|ever again)",
    rf"(?:do not|don t|dont) send {_ANY}(?:{_MANY}|texts)(?: any ?more| again)?",
    rf"i (?:do not|don t|dont|no longer) (?:want|wish) (?:to (?:get|receive|have) )?{_ANY}(?:{_MANY}|texts)(?: any ?more| from you)?",
)
_BARE = r"(?:stop|stopall|arret|stopp|стоп)(?: stop| arret)*"
_SPEECH = re.compile("|".join(f"(?:{one})" for one in (_BARE, *_FRENCH, *_ENGLISH)))

_OTHERS = frozenset(
    _plain(said)
    for said in (
        # Deutsch
        "abmelden", "abbestellen", "keine Nachrichten mehr", "keine SMS mehr", "keine weiteren Nachrichten",
        "schreiben Sie mir nicht mehr", "ich möchte keine Nachrichten mehr", "ich will keine Nachrichten mehr",
        # español
        "baja", "darme de baja", "no más mensajes", "no más SMS", "no quiero más mensajes", "no me escriban más",
        "no quiero recibir más mensajes", "dejen de escribirme", "dejen de enviarme mensajes",
        # português
        "não quero mais mensagens", "não quero receber mais mensagens", "parem de me escrever", "chega de mensagens",
        "não me escrevam mais", "parem de me enviar mensagens",
        # italiano
        "basta messaggi", "niente più messaggi", "non voglio più messaggi", "non scrivetemi più",
        "non voglio più ricevere messaggi", "disiscrivetemi", "smettete di scrivermi",
        # polski
        "wypisz mnie", "proszę mnie wypisać", "nie chcę więcej wiadomości", "nie chcę już wiadomości",
        "proszę już do mnie nie pisać",
        # română
        "dezabonare", "dezabonați-mă", "nu mai vreau mesaje", "nu îmi mai scrieți", "nu mai trimiteți mesaje",
        # türkçe
        "mesaj istemiyorum", "artık mesaj istemiyorum", "artık mesaj göndermeyin", "bana mesaj göndermeyin",
        "bana artık yazmayın",
        # русский, українська
        "отписаться", "отпишите меня", "не пишите мне больше", "больше не пишите мне", "больше не пишите",
        "не присылайте мне сообщения", "не присылайте больше сообщений", "не хочу больше сообщений",
        "відписатися", "відпишіть мене", "не пишіть мені більше", "більше не пишіть мені", "більше не пишіть",
        "не надсилайте мені повідомлення", "не надсилайте більше повідомлень", "не хочу більше повідомлень",
        # العربية
        "إلغاء الاشتراك", "أوقفوا الرسائل", "لا أريد رسائل", "لا أريد المزيد من الرسائل", "لا ترسلوا لي رسائل",
        # 中文
        "退订", "停止发送", "不要再发了", "不要再发短信", "不要再发信息", "不要再给我发短信", "请不要再发短信", "请不要再给我发信息",
    )
)  # fmt: skip

_COURTESY = (
    "bonjour", "bonsoir", "bjr", "bsr", "salut", "madame", "monsieur", "mesdames", "messieurs", "svp", "stp",
    "s il vous plait", "s il te plait", "sil vous plait", "merci beaucoup", "merci d avance", "merci bien", "merci de",
    "merci", "veuillez", "priere de", "je vous prie de", "je vous demande de", "je vous remercie", "pouvez vous",
    "pourriez vous", "cordialement", "bien cordialement", "bien a vous", "bonne journee", "bonne soiree", "au revoir",
    "hello", "hi", "dear sir or madam", "dear sir", "dear madam", "please", "pls", "plz", "kindly", "thanks a lot",
    "thanks", "thank you", "thank you very much", "thx", "regards", "kind regards", "best regards", "sincerely",
    "could you", "can you", "goodbye",
    "hallo", "guten tag", "bitte", "danke", "vielen dank", "hola", "buenos dias", "por favor", "gracias",
    "muchas gracias", "ola", "bom dia", "boa tarde", "obrigado", "obrigada", "buongiorno", "per favore", "grazie",
    "dzien dobry", "prosze", "dziekuje", "buna ziua", "va rog", "multumesc", "merhaba", "lutfen", "tesekkurler",
    "здравствуите", "пожалуиста", "спасибо", "добрыи день", "добрии день", "будь ласка", "дякую",
    "من فضلكم", "شكرا", "你好", "请", "谢谢",
)  # fmt: skip
_KIND = "|".join(map(re.escape, sorted(map(_plain, _COURTESY), key=len, reverse=True)))
_BEFORE, _AFTER = re.compile(rf"(?:(?:{_KIND}) )+"), re.compile(rf"(?: (?:{_KIND}))+$")


def wants_no_more(text: str, name: str = "") -> bool:
    """Whether a whole text says in words that nothing more shall be sent, as STOP does.

    ``name`` is the sender's, which he may have signed with.
    """
    if len(text) > _LONGEST:
        return False
    said = _without_name(_plain(text), _plain(name))
    if before := _BEFORE.match(f"{said} "):
        said = said[before.end() :]
    said = _AFTER.sub("", f" {said}").strip()
    return bool(_SPEECH.fullmatch(said)) or said in _OTHERS


def _without_name(said: str, name: str) -> str:
    """Leave out a signature: the name as it is known, or the first name alone."""
    first = name.partition(" ")[0]
    for signed in (name, first):
        if signed and said.endswith(f" {signed}"):
            return said.removesuffix(f" {signed}")
    return said
