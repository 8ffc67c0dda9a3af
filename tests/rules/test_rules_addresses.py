"""What a service or an account is reached by: what cannot be right is told before it is published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import SERVICES, Town

from rules.reading.addresses import BY_CHANNEL, in_clear, mailbox, server, telephone
from rules.scalars import Unreadable

BY_MAIL = "{canal: email, adresse: v@m.example}"
ONE_MAILBOX = "Écrivez une adresse de courriel, par exemple service@ville.example."
ALONE = "Écrivez une seule adresse de courriel, au besoin celle d'une liste de diffusion."
SERVER = "Écrivez l'adresse d'un serveur, par exemple https://demandes.ville.example."


@pytest.mark.parametrize(
    ("way", "address", "proposal"),
    [
        ("email", "voirie.metropole.example", ONE_MAILBOX),
        ("email", "voirie @metropole.example", ONE_MAILBOX),
        ("email", "voirie@metropole", ONE_MAILBOX),
        ("email", "Voirie <voirie@metropole.example>", ONE_MAILBOX),
        ("email", "https://voirie.example", ONE_MAILBOX),
        ("email", "a@x.example; b@y.example", ALONE),
        ("email", "a@x.example, b@y.example", ALONE),
        (
            "email",
            "propreté@metropole.example",
            "Écrivez l'adresse sans accent devant le « @ ».",
        ),
        ("email", "mailto:voirie@metropole.example", "Écrivez l'adresse seule, sans « mailto: »."),
        ("webhook", "voirie.example/hook", SERVER),
        ("webhook", "ftp://voirie.example", SERVER),
        ("webhook", "https://", SERVER),
        ("open311", "https://voirie.example, https://route.example", SERVER),
        ("open311", "https://voirie.example:port", SERVER),
        (
            "open311",
            "voirie@metropole.example",
            "Écrivez l'adresse d'un serveur (https://…), ou choisissez « canal: email ».",
        ),
    ],
)
def test_an_address_that_its_way_cannot_reach_is_told_at_its_place(
    way: str, address: str, proposal: str, town: Town
) -> None:
    line = next(text for text in SERVICES.splitlines() if BY_MAIL in text)
    column = line.index("v@m.example") + 1 - len("email") + len(way)
    town.write(
        "services.yaml", SERVICES.replace(BY_MAIL, f'{{canal: {way}, adresse: "{address}"}}')
    )
    assert town.errors == [
        f"services.yaml:7:{column}: « {address} » ne convient pas à « adresse ». {proposal}"
    ]


@pytest.mark.parametrize(
    ("key", "value", "proposal"),
    [
        (
            "telephone",
            "appelez le 3117 bis",
            "Écrivez le numéro seul, par exemple 02 40 00 00 00.",
        ),
        ("telephone", "1", "Écrivez le numéro seul, par exemple 02 40 00 00 00."),
        ("courriel", "voirie.metropole.example", ONE_MAILBOX),
    ],
)
def test_a_contact_that_reaches_nobody_is_told(
    key: str, value: str, proposal: str, town: Town
) -> None:
    known = SERVICES.replace('contact: {telephone: "3631"', f'contact: {{{key}: "{value}"', 1)
    town.write("services.yaml", known)
    (error,) = town.errors
    assert error.startswith("services.yaml:3:")
    assert error.endswith(f": « {value} » ne convient pas à « {key} ». {proposal}")


def test_a_server_without_encryption_is_a_doubt_only_on_the_open_network(town: Town) -> None:
    def told(address: str) -> list[str]:
        way = f'{{canal: webhook, adresse: "{address}"}}'
        town.write("services.yaml", SERVICES.replace(BY_MAIL, way))
        assert town.errors == []
        return [str(one) for one in town.problems if one.code == "adresse-en-clair"]

    assert told("http://voirie.ville.fr/demandes") == [
        "services.yaml:7:46: « http://voirie.ville.fr/demandes » est un serveur sans chiffrement. "
        "Écrivez son adresse en https:// : sinon, rien ne lui est envoyé par Internet."
    ]
    assert told("https://voirie.ville.fr/demandes") == []
    assert told("http://10.2.0.7:8080/demandes") == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost/x",
        "http://sig",
        "http://sig.intra",
        "http://192.168.1.4",
    ],
)
def test_a_call_at_home_needs_no_encryption(address: str) -> None:
    assert server(address) == address
    assert not in_clear(address)


@pytest.mark.parametrize(
    "number", ["3117", "02 40 41 90 00", "+33 (0)2 40 41 90 00", "02.40.41.90.00", "+33240419000"]
)
def test_a_telephone_number_is_read_as_people_write_it(number: str) -> None:
    assert telephone(number) == number


@pytest.mark.parametrize(
    ("channel", "good", "wrong"),
    [
        ("email", ["guichet@nantes.example", "l.a+b@mairie-rezé.example"], ["@nantes.example"]),
        ("sms", ["+33756000044", "36123", "NANTES"], ["0756000044", "+33 7 56 00 00 44", "12"]),
        ("whatsapp", ["+33756000044"], ["NANTES", "whatsapp:+33756000044"]),
        ("matrix", ["@guichet:nantes.example"], ["guichet:nantes.example", "#salon:x.example"]),
    ],
)
def test_an_account_is_named_as_its_channel_names_it(
    channel: str, good: list[str], wrong: list[str]
) -> None:
    assert [BY_CHANNEL[channel](one) for one in good] == good
    for one in wrong:
        with pytest.raises(Unreadable):
            BY_CHANNEL[channel](one)


@given(st.text(max_size=40) | st.text(alphabet="ab.@,; <>", max_size=12))
def test_what_is_read_as_a_mailbox_is_one_that_a_letter_can_be_addressed_to(text: str) -> None:
    try:
        read = mailbox(text)
    except Unreadable:
        return
    assert read == text.strip()
    assert read.count("@") == 1
    assert not any(one.isspace() or one in ",;<>" for one in read)


@given(st.emails())
def test_every_address_of_mail_of_the_standard_kind_is_read(address: str) -> None:
    assert mailbox(address) == address
