"""The main job on one channel: a real mail comes in, a service answers it, the answer goes back."""

import asyncio
import smtplib
from email.message import EmailMessage

from app.running.server import Server
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from channels.email import EmailChannel
from demo.mail import PASSWORD, MailSimulator
from demo.server import listen
from router.archive import CaseFilter
from router.case import Status

COUNTER = "guichet@nantes.example"


def mail(sender: str, to: str, subject: str, text: str, **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@test.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


async def test_a_mail_becomes_a_case_is_answered_by_its_service_and_the_answer_returns(tmp_path):
    async with MailSimulator({COUNTER: PASSWORD}) as post, asyncio.timeout(20):
        common = {
            "smtp_host": post.host, "smtp_port": post.smtp_port,
            "imap_host": post.host, "imap_port": post.imap_port, "imap_tls": False,
            COUNTER: {"user": COUNTER, "password": PASSWORD},
        }  # fmt: skip
        settings = load_settings(data=tmp_path, channels={"email": common})
        async with opened(settings.data, "") as store:
            product = await build(settings, store)
            server = Server(product, roles=("gateway", "router", "courier", "clock"), port=0)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(server.run())
                try:
                    await _play(post, store)
                finally:
                    server.stop.set()


async def _play(post, store):
    await post.citizen_sends(
        mail("Léa <lea@citoyens.example>", COUNTER, "Lampadaire",
             "Le lampadaire rue de la Poterie à Rezé est éteint."),
        COUNTER,
    )  # fmt: skip
    (receipt,) = await post.until_received("lea@citoyens.example", 1)
    (case,) = await store.cases(CaseFilter())
    assert case.owner == "eclairage-metropole"
    assert case.place.communes == ("44143",)
    assert "éclairage" in receipt.text
    (forwarded,) = await post.until_received("eclairage@metropole.example", 1)
    reply_to = str(forwarded.message["Reply-To"])
    await post.citizen_sends(
        mail("eclairage@metropole.example", reply_to, "Re: " + forwarded.subject,
             "Réparé ce matin.", In_Reply_To=str(forwarded.message["Message-ID"])),
        reply_to,
    )  # fmt: skip
    _, answer = await post.until_received("lea@citoyens.example", 2)
    assert "Réparé ce matin." in answer.text
    (case,) = await store.cases(CaseFilter())
    assert case.status is Status.ANSWERED
    # a program that neither marks nor announces what it repeats
    answer_to = str(answer.message["Reply-To"])
    await post.citizen_sends(
        mail("lea@citoyens.example", answer_to, "Re: " + answer.subject,
             f"Merci, mais il clignote encore.\n\n{answer.text}",
             In_Reply_To=str(answer.message["Message-ID"])),
        answer_to,
    )  # fmt: skip
    await post.until_received("eclairage@metropole.example", 2)
    (case,) = await store.cases(CaseFilter())
    assert "il clignote encore" in case.text
    assert "Réparé ce matin." not in case.text


async def test_all_mailboxes_of_an_installation_listen_at_one_port(tmp_path, store):
    with listen() as free:
        port = free.getsockname()[1]
    settings = load_settings(data=tmp_path, channels={"email": {"lmtp_port": port}})
    product = await build(settings, store, with_inactive=True)
    mailboxes = [one for one in product.listeners if isinstance(one, EmailChannel)]
    assert len(mailboxes) > 1
    came = []

    async def accept(envelope):
        came.append(envelope.account)

    def hand_over(recipient):
        with smtplib.LMTP("127.0.0.1", port, "mx.example") as client:
            client.ehlo()
            client.sendmail(
                "lea@citoyens.example", recipient, b"From: lea@citoyens.example\n\nTrou"
            )

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(one.listen(accept)) for one in mailboxes]
        await asyncio.sleep(0.1)
        for one in mailboxes:
            await asyncio.to_thread(hand_over, one.account)
        for task in listening:
            task.cancel()
    assert came == [one.account for one in mailboxes]
