"""`guichet try --batch`: lines share one store, so that what belongs together meets."""

import json
from urllib.parse import urlencode

import pytest

LAMP = "Le lampadaire rue de la Poterie à Rezé est éteint"
ANA = {"channel": "sms", "from": "+33612345678"}


def test_a_batch_prints_one_line_a_message_in_order_also_for_what_cannot_be_read(batch):
    lines = [
        {"id": "a", **ANA, "text": LAMP},
        "ce n'est pas du JSON",
        "[1, 2]",
        "[" * 100_000,
        {"id": "b", "raw": "/n/existe/pas", "channel": "email"},
        {"id": 7, **ANA, "text": "toujours rien ?"},
        {"id": "c", "channel": "email", "text": "un\u2028deux\x0btrois\x85quatre\ud800"},
    ]
    results = batch(*lines)
    assert [each["id"] for each in results] == ["a", "", "", "", "b", "7", "c"]
    assert [each["action"] for each in results[:6]] == [
        "create", "quarantine", "quarantine", "quarantine", "quarantine", "append",
    ]  # fmt: skip
    assert results[6]["case"]


@pytest.mark.parametrize("channel", ["email", "sms", "telegram", "matrix", "x", "web"])
def test_a_sequel_of_the_same_conversation_joins_and_another_subject_does_not(batch, channel):
    person = {"channel": channel, "from": {"sms": "+33612345678"}.get(channel, "4242")}
    if channel in {"email", "web"}:
        person["from"] = "lea@citoyens.example"
    first, joined, other = batch(
        {"id": "a", **person, "text": LAMP},
        {"id": "b", **person, "text": "toujours rien ?"},
        {"id": "c", **person, "text": "La poubelle déborde rue Jean Jaurès à Orvault"},
    )
    assert (joined["action"], joined["case"]) == ("append", first["case"])
    assert other["action"] in {"create", "ask"}
    assert other["case"] not in {None, first["case"]}


@pytest.mark.parametrize("written", ["{num:a}", "{num_lower_nodash:a}"])
@pytest.mark.parametrize("where", ["text", "subject"])
def test_the_number_joins_from_another_channel_as_a_third_party(batch, written, where):
    fields = {"text": "Pareil chez moi", where: f"Au sujet de {written} : pareil"}
    first, second = batch(
        {"id": "a", **ANA, "text": LAMP},
        {"id": "b", "channel": "email", "from": "voisin@b.example", **fields},
    )
    assert (second["action"], second["case"]) == ("append", first["case"])
    assert "{" not in second["message"][where]
    [reply] = second["replies"]
    assert (reply["channel"], reply["to"]) == ("email", "voisin@b.example")
    assert "éclairage" not in reply["text"]  # nothing of the case but the number that he gave


@pytest.mark.parametrize("written", ["{num:inconnu}", "{num:}", "{num:a", "{autre:a}"])
def test_what_names_no_line_stays_as_it_is(batch, written):
    result = batch({"id": "a", **ANA, "text": LAMP}, {"id": "b", **ANA, "text": written})[1]
    assert result["message"]["text"] == written


def test_numbers_are_put_into_raw_forms_of_every_encoding(batch, tmp_path):
    mail = (
        b"From: Voisin =?iso-8859-1?q?L=E9a?= <voisin@b.example>\nTo: guichet@nantes.example\n"
        b"Subject: Re: {num:a}\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=iso-8859-1\n"
        b"Content-Transfer-Encoding: quoted-printable\n\nToujours =E9teint, {num_lower_nodash:a}\n"
    )
    latin = mail.replace(b"quoted-printable", b"8bit").replace(b"=E9teint", b"\xe9teint")
    raws = {
        "qp": ("email", mail.replace(b"Re: {num:a}", b"Question")),
        "latin1": ("email", latin.replace(b"voisin@", b"autre@")),
        "form": (
            "sms",
            urlencode({"MessageSid": "SM1", "From": "+33611111111", "Body": "{num:a}"}),
        ),
        "json": ("telegram", json.dumps(telegram(9, "voir {num:a}", message_id=1))),
    }
    lines = [{"id": "a", **ANA, "text": LAMP}]
    for name, (channel, raw) in raws.items():
        path = tmp_path / name
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        lines.append({"id": name, "channel": channel, "raw": str(path)})
    first, *others = batch(*lines)
    for other in others:
        assert (other["action"], other["case"]) == ("append", first["case"]), other["id"]
    assert "Toujours éteint" in others[0]["message"]["text"]


def test_an_answer_by_mail_finds_the_mail_that_it_answers(batch, tmp_path):
    first, second = (tmp_path / "1.eml"), (tmp_path / "2.eml")
    head = "From: lea@b.example\nTo: guichet@nantes.example\nSubject: {}\nMessage-ID: <{}@b>\n"
    first.write_text(head.format("Rue", "m1") + "\n" + LAMP)
    second.write_text(
        head.format("Re: Rue", "m2") + "In-Reply-To: <m1@b>\n\nLa poubelle de la rue déborde"
    )
    opened, joined = batch(
        {"id": "a", "channel": "email", "raw": str(first)},
        {"id": "b", "channel": "email", "raw": str(second)},
    )
    assert (joined["action"], joined["case"]) == ("append", opened["case"])
    assert joined["message"]["from"] == "lea@b.example"


def test_an_answer_on_telegram_finds_the_message_that_it_answers(batch, tmp_path):
    first, second = (tmp_path / "1.json"), (tmp_path / "2.json")
    first.write_text(json.dumps(telegram(55, LAMP, message_id=10)))
    answer = telegram(55, "La poubelle de la rue déborde", message_id=11)
    answer["message"]["reply_to_message"] = {
        "message_id": 10, "date": 1, "chat": {"id": 55, "type": "private"}
    }  # fmt: skip
    second.write_text(json.dumps(answer))
    opened, joined = batch(
        {"id": "a", "channel": "telegram", "raw": str(first)},
        {"id": "b", "channel": "telegram", "raw": str(second)},
    )
    assert (joined["action"], joined["case"]) == ("append", opened["case"])


def test_the_same_message_delivered_twice_is_one_case(batch, tmp_path):
    path = tmp_path / "1.json"
    path.write_text(json.dumps(telegram(55, LAMP, message_id=10)))
    line = {"channel": "telegram", "raw": str(path)}
    first, second = batch({"id": "a", **line}, {"id": "b", **line})
    assert first["action"] == "create"
    assert (second["action"], second["case"]) == ("ignore", None)


def telegram(chat: int, text: str, message_id: int):
    return {
        "update_id": 1000 + message_id,
        "message": {
            "message_id": message_id,
            "date": 1795341600,
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "Anne"},
            "text": text,
        },
    }
