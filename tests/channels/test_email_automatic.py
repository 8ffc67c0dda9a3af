"""What machines write: known, never answered, and never taken for a citizen's words, or the reverse.

The forms are those of RFC 3834 and 3464, of the mails with which Python's own e-mail package is
tested (Lib/test/test_email/data: msg_05, msg_16, msg_25, msg_43), and of French mail servers; all
are told in our words.
"""

from __future__ import annotations

import pytest
from mail_laws import AT, CHANNEL

from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.events import Ignored, InboundEvent, MessageReceived, OptedOutOf, ReceiptReceived
from router.message import Address, Message

IDEM = "ab" * 20
OURS = f"<{IDEM}@nantes.example>"
VERP = f"guichet+b-{IDEM}@nantes.example"


def event(raw: str, recipient: str = "guichet@nantes.example") -> InboundEvent:
    (only,) = CHANNEL.receive(CHANNEL.envelope(raw.encode(), AT, recipient))
    return only


def message(head: str, text: str = "Bonjour") -> Message:
    if "From:" not in head:
        head = f"From: Jean <jean@entreprise.example>\n{head}"
    received = event(f"{head}\nTo: guichet@nantes.example\n\n{text}\n")
    assert isinstance(received, MessageReceived), received
    return received.message


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=a@b.example",
        "auto-submitted:  Auto-Notified",
        "Return-Path: <>",
        "Return-Path: < >",
        "Precedence: bulk",
        "From: post_master@operateur.example",
        "Subject: complaint about message from 192.0.2.222",
        "Precedence: junk",
        "Precedence: list",
        "Precedence: auto_reply",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "List-Id: <quartier.example>",
        "List-Unsubscribe: <mailto:non@quartier.example>",
        "X-Loop: guichet@nantes.example",
        "X-Loop: <guichet+jeton@nantes.example>",
        "X-Autoreply: yes",
        "X-Autorespond: absence",
        "X-Mail-Autoreply: 1",
        "Feedback-ID: 1:2:3:fournisseur",
        "From: guichet@nantes.example",
        "From: Guichet <guichet+abc@nantes.example>",
        "From: MAILER-DAEMON@mx.example",
        "From: postmaster@entreprise.example",
        "From: no-reply@entreprise.example",
        "From: noreply+12@entreprise.example",
        "From: ne-pas-repondre@impots.example",
        "From: nepasrepondre@caf.example",
        "From: notification.ne_pas_repondre@banque.example",
        "From: newsletter@theatre.example",
        "From: riak-owner@lists.example",
        "From: bounces-99@lists.example",
        "Subject: Réponse automatique : Votre demande",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A?= Votre demande",
        "Subject: RE: [EXT] Réponse automatique : Votre demande",
        "Subject: Automatic reply: Votre demande",
        "Subject: Out of Office",
        "Subject: Absence du bureau : Re: Votre demande",
        "Subject: Message automatique",
        "Subject: Notification d'absence",
        "Subject: Lu : Votre demande",
        "Subject: Accusé de réception : Votre demande",
        "Subject: Absence : congés d'été\nIn-Reply-To: <1@nantes.example>",
        "Subject: Re: Absent jusqu'au 3 mars",
        "Subject: Fermeture annuelle : Votre demande est reçue [#7K4M-Q2XD-9TC]",
    ],
)
def test_a_machine_is_known_by_its_header(head: str) -> None:
    assert message(head).automatic


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("", "Ceci est un message automatique, merci de ne pas y répondre."),
        ("", "Bonjour,\n\n*** Merci de ne pas répondre à ce message ***\n\nVotre facture."),
        ("", "This is an automated message."),
        (
            "Subject: Re: Votre demande",
            "Je suis absent jusqu'au 3 mars.\nEn cas d'urgence, vous pouvez joindre l'accueil.",
        ),
        (
            "In-Reply-To: <1@nantes.example>",
            "Bonjour, je suis actuellement en congés. Je vous répondrai à mon retour.",
        ),
    ],
)
def test_a_machine_is_known_by_its_words(head: str, text: str) -> None:
    assert message(head or "Subject: Facture", text).automatic


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("Auto-Submitted: no", "Bonjour"),
        ("X-Auto-Response-Suppress: None", "Bonjour"),
        ("Return-Path: <jean@entreprise.example>", "Bonjour"),
        ("X-Loop: jean@entreprise.example", "La mairie fait suivre sa boîte ici."),
        ("X-MS-Exchange-Inbox-Rules-Loop: mairie@ville.example", "Transmis par une règle."),
        ("From: Renaud Root <renaud.root@x.example>", "Bonjour"),
        ("From: noreplyson@x.example", "Bonjour"),
        ("From: bernard.postmaster@x.example", "Bonjour"),
        ("Subject: Non distribution du magazine municipal", "Rien dans ma boîte."),
        ("Subject: Non remise de mon colis à la mairie", "Bonjour"),
        ("Subject: Échec de la distribution du courrier rue Scribe", "Depuis lundi."),
        ("Subject: Retour à l'expéditeur de mes bacs", "Bonjour"),
        ("Subject: Absence : panneau rue Scribe", "Le panneau manque."),
        ("Subject: Absence de ramassage", "Bonjour"),
        ("Subject: Absent du 3 au 10, qui rentre mes bacs ?", "Je suis absent. Que faire ?"),
        ("Subject: Lu dans le journal", "Est-ce vrai ?"),
        ("Subject: Accusé de réception non reçu", "Je n'ai rien reçu."),
        ("Subject: Réponse automatique insuffisante", "Votre réponse ne dit rien."),
        ("Subject: Fermeture annuelle de la piscine", "Quand ouvre-t-elle ?"),
        ("Subject: Fuite", "Je suis en vacances. En cas d'urgence vous pouvez joindre ma sœur."),
        ("Subject: Mail", "Votre mail dit « merci de ne pas répondre à ce message » : où écrire ?"),
        ("Subject: Re: Votre demande", "Merci, je suis absent demain, venez jeudi."),
    ],
)
def test_a_citizen_is_no_machine(head: str, text: str) -> None:
    assert message(head, text).automatic == ""


def test_words_of_a_machine_that_are_quoted_make_nobody_one() -> None:
    text = "Merci !\n\nLe 26/11/2026 à 09:12, X a écrit :\n> Ceci est un message automatique."
    assert message("Subject: Re: Votre demande", text).automatic == ""


async def test_two_counters_that_face_each_other_stop_at_the_first_answer() -> None:
    """What we send of ourselves is known as automatic by any counter, also by our own."""
    from channels.smtp.letter import letter_of, written

    delivery = Delivery(
        id=1,
        idem=IDEM,
        lane="lane",
        kind=DeliveryKind.ACKNOWLEDGEMENT,
        address=Address("email", "autre@ville.example", "guichet@nantes.example"),
        text="Votre demande est reçue.",
        created_at=AT,
    )
    letter = letter_of(delivery, delivery.text, IDEM, "autre@ville.example", "Guichet")
    raw = written(letter, "Thu, 26 Nov 2026 09:00:00 +0000").decode()
    received = event(raw)
    assert isinstance(received, MessageReceived)
    assert received.message.automatic == "Auto-Submitted: auto-generated"


# --- bounces -------------------------------------------------------------------------------------


def report(status: str, original: str = "", *, kind: str = "delivery-status") -> str:
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
        "--b\n\nYour mail could not be delivered.\n"
        f"--b\nContent-Type: message/{kind}\n\n{status}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{original}\n--b--\n"
    )


FAILED = (
    "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; lea@citoyens.example\n"
    "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <lea@citoyens.example>\n"
    " unknown user"
)


def receipt(raw: str, recipient: str = "guichet@nantes.example") -> ReceiptReceived:
    received = event(raw, recipient)
    assert isinstance(received, ReceiptReceived), received
    return received


@pytest.mark.parametrize(
    ("recipient", "original"),
    [(VERP, ""), ("guichet@nantes.example", f"Message-ID: {OURS}"), (VERP, "Message-ID: <x@y.z>")],
)
def test_a_bounce_finds_its_mail_by_the_envelope_then_by_the_copy(
    recipient: str, original: str
) -> None:
    found = receipt(report(FAILED, original), recipient)
    assert (found.provider_id, found.state, found.code) == (OURS, DeliveryState.BOUNCED, "5.1.1")
    assert found.reason == "smtp; 550 5.1.1 <lea@citoyens.example> unknown user"


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [
        ("failed", "5.2.2", DeliveryState.BOUNCED),
        ("failed", "5.0.0 (recipient reached disk quota)", DeliveryState.BOUNCED),
        ("delayed", "4.4.1", DeliveryState.DEFERRED),
        ("", "4.2.2", DeliveryState.DEFERRED),
        ("", "5.7.1", DeliveryState.BOUNCED),
        ("delivered", "2.0.0", DeliveryState.DELIVERED),
        ("relayed (to a list)", "2.1.9", DeliveryState.DELIVERED),
        ("expanded", "", DeliveryState.DELIVERED),
    ],
)
def test_five_fails_four_waits_two_arrived(action: str, status: str, state: DeliveryState) -> None:
    fields = "\n".join(
        line
        for line in (f"Action: {action}" * bool(action), f"Status: {status}" * bool(status))
        if line
    )
    found = receipt(report(f"Reporting-MTA: dns; mx.example\n\n{fields}"), VERP)
    assert found.state is state


@pytest.mark.parametrize(
    ("head", "body", "state"),
    [
        ("From: MAILER-DAEMON@mx.example\nSubject: failure notice",
         "Hi. This is the qmail-send program.\n<lea@x.example>:\nSorry, no mailbox here by that "
         "name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
         f"Message-ID: {OURS}\n", DeliveryState.BOUNCED),
        ("From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\n"
         "X-Failed-Recipients: lea@x.example\nSubject: Delivery Status Notification (Failure)",
         f"Address not found\n\n550 5.1.1 no such account\n\nMessage-ID: {OURS}\n",
         DeliveryState.BOUNCED),
        ("From: postmaster@x.example\nSubject: =?utf-8?b?w4ljaGVjIGRlIGxhIHJlbWlzZQ==?= : Votre "
         "demande", f"La boîte est pleine (552 5.2.2).\n> Message-ID: {OURS}\n",
         DeliveryState.BOUNCED),
        ("Return-Path: <>\nFrom: Postfix <daemon@x.example>\nSubject: Message non remis",
         f"Utilisateur inconnu.\n\nMessage-Id: {OURS}", DeliveryState.BOUNCED),
        ("From: MAILER-DAEMON@x.example\nSubject: Warning: could not send message for past 4 hours",
         f"Will keep trying for 5 days. Last reason: 550 busy\n\nMessage-Id: {OURS}",
         DeliveryState.DEFERRED),
        ("From: mailer-daemon@x.example\nSubject: Mail delivery failed: returning message to sender",
         "SMTP error from remote mail server after RCPT TO:\n450 4.7.1 greylisted\n\n"
         f"Message-Id: {OURS}", DeliveryState.DEFERRED),
        ("Return-Path: <>\nFrom: courrier@x.example\nSubject: Avis de non-remise",
         f"5.1.10 introuvable\nReferences: {OURS}", DeliveryState.BOUNCED),
    ],
)  # fmt: skip
def test_a_bounce_in_no_standard_form_is_read(head: str, body: str, state: DeliveryState) -> None:
    found = receipt(f"{head}\nTo: guichet@nantes.example\n\n{body}\n")
    assert (found.provider_id, found.state) == (OURS, state)


@pytest.mark.parametrize(
    "raw",
    [
        report(FAILED),
        report(FAILED, "Message-ID: <spam@ailleurs.example>"),
        report("", kind="delivery-status"),
        "Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: failure notice\n\nrien\n",
    ],
)
def test_a_bounce_of_nothing_of_ours_is_no_case(raw: str) -> None:
    assert isinstance(event(raw), Ignored)


def test_a_bounce_that_carries_our_whole_mail_cites_no_citizen() -> None:
    original = f"Message-ID: {OURS}\nSubject: Votre demande\n\nLe lampadaire est éteint"
    raw = report(FAILED).replace("text/rfc822-headers\n\n", f"message/rfc822\n\n{original}")
    assert receipt(raw).provider_id == OURS


def test_who_calls_our_mail_spam_gets_no_more_of_it() -> None:
    status = "Feedback-Type: abuse\nOriginal-Rcpt-To: lea@citoyens.example"
    opted = event(report(status, f"Message-ID: {OURS}", kind="feedback-report"))
    assert isinstance(opted, OptedOutOf)
    assert opted.address == Address("email", "guichet@nantes.example", "lea@citoyens.example")
    assert opted.confirmed  # or a confirmation would leave to him
    assert opted.about == OURS


def test_a_complaint_that_carries_no_mail_of_ours_is_nobody_s_wish() -> None:
    status = "Feedback-Type: abuse\nOriginal-Rcpt-To: lea@citoyens.example"
    assert isinstance(event(report(status, kind="feedback-report")), Ignored)


def test_a_read_receipt_says_that_the_mail_arrived() -> None:
    status = f"Disposition: manual-action/MDN-sent-manually; displayed\nOriginal-Message-ID: {OURS}"
    found = receipt(report(status, kind="disposition-notification"))
    assert (found.provider_id, found.state) == (OURS, DeliveryState.DELIVERED)


@pytest.mark.parametrize("subject", ["Échec de la remise des clés", "Retour à la rue : un SDF"])
def test_a_citizen_s_subject_makes_no_bounce(subject: str) -> None:
    assert message(f"Subject: {subject}").automatic == ""
