"""`guichet try`: what becomes of a message stated in fields, on every channel."""

import pytest

LAMP = "Le lampadaire rue de la Poterie à Rezé est éteint"
PEOPLE = {
    "email": "lea@citoyens.example",
    "sms": "+33612345678",
    "telegram": "4242",
    "matrix": "@lea:citoyens.example",
    "x": "@lea",
    "web": "lea@citoyens.example",
}
WITH_STOP = ("sms", "telegram", "matrix", "x", "email")
every_channel = pytest.mark.parametrize("channel", PEOPLE)
SHAPE = {
    "id": str, "action": str, "case": (str, type(None)), "message": (dict, type(None)),
    "place": dict, "category": (str, type(None)), "urgency": str, "decision": (dict, type(None)),
    "parts": list, "replies": list, "deliveries": list,
}  # fmt: skip


def assert_shape(result):
    for name, kind in SHAPE.items():
        assert isinstance(result[name], kind), (name, result[name])
    assert set(result["place"]) == {"text", "insee", "lat", "lon", "precision_m", "candidates"}
    for reply in result["replies"]:
        assert set(reply) == {"channel", "to", "language", "text"}
    for delivery in result["deliveries"]:
        assert set(delivery) == {"kind", "channel", "to"}


@every_channel
async def test_a_report_becomes_a_case_and_is_answered_on_its_own_channel(try_one, channel):
    result = await try_one(id="a", channel=channel, sender=PEOPLE[channel], text=LAMP)
    assert_shape(result)
    assert (result["id"], result["action"]) == ("a", "create")
    assert result["decision"]["owner"] == "eclairage-metropole"
    assert (result["place"]["insee"], result["category"]) == ("44143", "lampadaire")
    assert result["message"]["from"] == PEOPLE[channel]
    assert result["message"]["text"] == LAMP
    [reply] = result["replies"]
    assert (reply["channel"], reply["to"], reply["language"]) == (channel, PEOPLE[channel], "fr")
    assert result["case"] in reply["text"]
    forward = {"kind": "forward", "channel": "email", "to": "eclairage@metropole.example"}
    assert forward in result["deliveries"]


async def test_the_tracking_page_gets_words_that_fit_a_page(try_one):
    """It is no message that one could answer, and its own address leads nowhere else."""
    result = await try_one(channel="web", text=LAMP)
    [reply] = result["replies"]
    assert "répondez ici" in reply["text"]
    assert "à ce message" not in reply["text"]
    assert "http" not in reply["text"]


@every_channel
async def test_nobody_named_is_somebody_of_his_own(try_one, channel):
    first = await try_one(channel=channel, text=LAMP)
    second = await try_one(channel=channel, text="toujours rien ?")
    assert first["replies"][0]["to"] != second["message"]["from"]
    assert second["action"] != "append"


@every_channel
async def test_a_photo_without_a_word_is_a_case(try_one, channel):
    result = await try_one(channel=channel, sender=PEOPLE[channel], attachments=["mur sale.jpg"])
    assert result["action"] in {"create", "ask"}
    assert result["message"]["attachments"] == ["mur sale.jpg"]


@every_channel
async def test_nothing_written_is_answered_with_help_and_no_case(try_one, channel):
    result = await try_one(channel=channel, sender=PEOPLE[channel], text="  ")
    assert (result["action"], result["case"]) == ("ignore", None)
    assert_shape(result)


@every_channel
async def test_a_danger_is_answered_with_its_numbers_first(try_one, channel):
    text = "Ça sent le gaz dans l'escalier au 3 rue Crébillon à Nantes"
    result = await try_one(channel=channel, sender=PEOPLE[channel], text=text)
    assert (result["action"], result["urgency"]) == ("emergency", "immediate")
    assert result["case"]
    assert "18" in result["replies"][0]["text"].split("\n")[0]


@pytest.mark.parametrize(
    ("channel", "word", "confirmed_by_us"),
    [
        ("sms", "STOP", False),
        ("sms", "Arrêt", True),
        ("sms", "arret", True),
        ("telegram", "/stop", True),
        ("email", "STOP", True),
    ],
)
async def test_an_opt_out_is_confirmed_where_the_provider_does_not(
    try_one, channel, word, confirmed_by_us
):
    result = await try_one(channel=channel, sender=PEOPLE[channel], text=word)
    assert (result["action"], result["case"]) == ("opt_out", None)
    assert len(result["replies"]) == confirmed_by_us
    assert result["message"]["from"] == PEOPLE[channel]


@pytest.mark.parametrize("channel", WITH_STOP)
@pytest.mark.parametrize("said", ["Ne m'écrivez plus svp", "Please stop sending me messages"])
async def test_a_wish_in_words_is_an_opt_out_that_we_confirm(try_one, channel, said):
    result = await try_one(channel=channel, sender=PEOPLE[channel], text=said)
    assert (result["action"], result["case"], len(result["replies"])) == ("opt_out", None, 1)


@pytest.mark.parametrize(
    ("channel", "word"),
    [
        ("sms", "AIDE"),
        ("sms", "help"),
        ("telegram", "/start"),
        ("telegram", "/aide"),
        ("matrix", "Aide"),
    ],
)
async def test_a_word_of_help_is_answered_and_is_no_case(try_one, channel, word):
    result = await try_one(channel=channel, sender=PEOPLE[channel], text=word)
    assert (result["action"], result["case"]) == ("ignore", None)
    assert len(result["replies"]) == 1


@pytest.mark.parametrize("word", ["Stop", "arrêtez de m'envoyer des mails"])
def test_stop_by_mail_is_confirmed_once_until_start(batch, word):
    person = {"channel": "email", "from": "a@b.example"}
    stop, again, more, start, last = batch(
        {**person, "text": word},
        {**person, "subject": "Désinscription"},
        {**person, "text": LAMP},
        {**person, "text": "START"},
        {**person, "subject": "Poubelle", "text": "La poubelle déborde rue Scribe à Nantes"},
    )
    assert [one["action"] for one in (stop, again)] == ["opt_out", "opt_out"]
    assert [len(one["replies"]) for one in (stop, again, more, start, last)] == [1, 0, 0, 1, 1]
    assert (more["case"], start["case"]) == (more["case"] or "a case", None)
    assert "START" in stop["replies"][0]["text"]


@pytest.mark.parametrize("channel", WITH_STOP)
async def test_a_wish_with_more_in_it_is_a_message(try_one, channel):
    text = "Ne m'écrivez plus à l'ancienne adresse, le lampadaire rue Scribe est toujours éteint"
    result = await try_one(channel=channel, sender=PEOPLE[channel], text=text)
    assert result["case"]


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "noreply@boutique.example", "text": "Votre facture"},
        {"sender": "jean@entreprise.example", "subject": "Réponse automatique : absent"},
        {"sender": "MAILER-DAEMON@relais.example", "subject": "Undelivered Mail", "text": "550"},
    ],
)
async def test_what_a_machine_wrote_is_never_answered(try_one, fields):
    result = await try_one(channel="email", **fields)
    assert (result["action"], result["case"], result["replies"]) == ("ignore", None, [])
    assert result["message"]["automatic"] is True


async def test_a_mention_is_answered_in_public_without_number_link_or_name(try_one):
    text = "@GuichetNantes un nid-de-poule rue Crébillon à Nantes"
    result = await try_one(channel="x", kind="mention", sender="@lea_durand", text=text)
    assert result["action"] == "create"
    assert result["message"]["text_shown"] == "un nid-de-poule rue Crébillon à Nantes"
    [reply] = result["replies"]
    assert (reply["channel"], reply["to"]) == ("x", "@lea_durand")
    assert [each["to"] for each in result["deliveries"] if each["channel"] == "x"] == [reply["to"]]
    for private in (result["case"], "http", "Crébillon", "lea", "voirie"):
        assert private not in reply["text"]


async def test_a_private_matter_is_told_whom_to_ask(try_one):
    result = await try_one(channel="sms", sender="+33612345678", text="Où est mon colis ?")
    assert result["action"] == "redirect"
    assert [each["kind"] for each in result["deliveries"]] == ["acknowledgement"]


async def test_a_vague_message_is_asked_what_it_is_about(try_one):
    result = await try_one(channel="sms", sender="+33612345678", text="Bonjour")
    assert result["action"] == "ask"
    assert result["case"]
    assert result["decision"]["questions"]


@pytest.mark.parametrize(
    ("channel", "to", "insee"),
    [
        ("email", "guichet@orvault.example", "44114"),
        ("email", "Guichet@Orvault.example", "44114"),
        ("email", "", "44109"),
        ("email", "mairie@ailleurs.example", "44109"),
        ("sms", "+33756000047", "44114"),
        ("sms", "+33700000000", "44109"),
        ("web", "inconnu", "44109"),
    ],
)
async def test_the_counter_tells_the_place_and_an_unknown_one_is_the_default(
    try_one, channel, to, insee
):
    result = await try_one(channel=channel, to=to, text="Un trou dans la chaussée")
    assert result["place"]["insee"] == insee


async def test_what_is_stated_beside_the_words_counts(try_one):
    result = await try_one(
        channel="email", text="Voyez la photo", commune="44114", category="lampadaire",
        location="47.2713,-1.6239", attachments=["a.jpg", "b.pdf"], at="2026-11-24T23:30:00",
    )  # fmt: skip
    assert (result["category"], result["place"]["insee"]) == ("lampadaire", "44114")
    assert (result["place"]["lat"], result["place"]["lon"]) == (47.2713, -1.6239)
    assert result["message"]["attachments"] == ["a.jpg", "b.pdf"]


async def test_a_telephone_number_is_read_as_people_write_it(try_one):
    result = await try_one(channel="sms", sender="06 12 34 56 78", text=LAMP)
    assert result["message"]["from"] == "+33612345678"


async def test_a_name_beside_the_address_is_the_senders_name(try_one):
    result = await try_one(channel="email", sender="Léa Martin <lea@b.example>", text=LAMP)
    assert result["message"]["from"] == "lea@b.example"
    assert result["message"]["from_name"] == "Léa Martin"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": "seul"},
        {"channel": "fax", "text": "Bonjour"},
        {"text": {"a": 1}},
        {"text": "Un trou", "attachments": "photo.jpg"},
        {"text": "Un trou", "attachments": [1, {"a": 2}]},
        {"text": "Un trou", "location": "ici"},
        {"text": "Un trou", "location": "91,0"},
        {"text": "Un trou", "location": [47.2]},
        {"text": "Un trou", "at": "hier"},
        {"text": "Un trou", "at": "0001-01-01T00:00:00+14:00"},
        {"raw": "/n/existe/pas"},
        {"raw": "."},
        {"raw": "a\x00b"},
        {"raw": 12},
        {"channel": "x", "kind": "like", "text": "Un trou"},
        {"channel": ["sms"], "text": "Un trou"},
    ],
)
async def test_a_line_that_cannot_be_understood_is_kept_with_a_reason(try_one, fields):
    result = await try_one(**fields)
    assert (result["action"], result["case"]) == ("quarantine", None)
    assert result["reason"]
    assert_shape(result)


async def test_an_empty_value_counts_as_absent(try_one):
    empty = {"kind": "", "to": None, "subject": "", "at": "", "location": [], "raw": "",
             "commune": None, "category": "", "attachments": []}  # fmt: skip
    result = await try_one(channel="sms", sender="+33612345678", text=LAMP, **empty)
    assert result["action"] == "create"
