"""A wrong setting is told in one French sentence: where it stands, what is wrong, what would be right."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.wiring import build
from app.settings import Settings, load_settings
from app.variables import SETTINGS
from channels.cell.channel import CellSettings
from channels.desk import DeskSettings
from channels.email import EmailSettings
from channels.matrix import MatrixSettings
from channels.open311 import Open311Settings
from channels.partners.email import PartnerEmailSettings
from channels.partners.open311 import PartnerOpen311Settings
from channels.partners.webhook import PartnerWebhookSettings
from channels.phone.definition import Definition
from channels.phone.settings import SmsSettings
from channels.setting_mistakes import mistakes_of
from channels.telegram.settings import TelegramSettings
from channels.webform import WebformSettings
from channels.whatsapp import WhatsAppSettings
from channels.x.settings import XSettings
from router.errors import ConfigurationError
from storage.memory import MemoryStore

CONFIG = Path(__file__).parents[2] / "config"
BOX = "guichet@nantes.example"
MODELS: tuple[type[BaseModel], ...] = (
    Settings, EmailSettings, PartnerEmailSettings, SmsSettings, WhatsAppSettings, TelegramSettings,
    MatrixSettings, XSettings, WebformSettings, DeskSettings, Open311Settings,
    PartnerOpen311Settings, PartnerWebhookSettings, CellSettings, Definition,
)  # fmt: skip
VALUES = (
    "mot", "", "3.7", 3, -7, 10**30, 3.7, float("inf"), True, [], ["a", 3], [[]], {}, {"a": 3},
    {"a": {"b": []}}, datetime.date(2026, 1, 1), datetime.time(8), None,
)  # fmt: skip
"""What TOML and variables of the environment can give, and JSON's null."""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def mistakes(model: type[BaseModel], given: dict[str, object]) -> list[str]:
    """Read settings; give the sentences on what is wrong, each beside pydantic's own words."""
    try:
        model(**given)
    except ValidationError as error:
        found = mistakes_of(error, model)
        for one, raw in zip(found, error.errors(), strict=True):
            own = raw["type"] == "value_error"
            assert own or raw["msg"] not in one.sentence
        return [one.sentence for one in found]
    return []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_value_that_a_file_can_hold_is_refused_in_english(model):
    """No sentence names pydantic's type of an error, as one does that has no French yet."""
    for name in (*model.model_fields, "inconnu"):
        for value in VALUES:
            for said in mistakes(model, {name: value}):
                assert said.endswith((".", "?")), (name, value, said)
                assert "documentation" not in said, (name, value, said)
                assert "nput should" not in said


def test_a_mistake_that_is_not_known_yet_has_a_sentence_all_the_same():
    class Later(BaseModel):
        wait: datetime.timedelta

    [said] = mistakes(Later, {"wait": "hier"})
    assert said == (
        "« hier » ne convient pas (time_delta_parsing) : la documentation dit ce qu'il y faut."
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            'automatic_per_day = "beaucoup"',
            "guichet.toml : automatic_per_day : « beaucoup » ne convient pas : il y faut un nombre"
            " entier d'au moins 1.",
        ),
        ("datta = 1", "guichet.toml : datta : ce réglage n'existe pas. Voulez-vous dire « data » ?"),
        ("data = 3", "guichet.toml : data : « 3 » ne convient pas : il y faut un chemin entre"),
        ("channels.email = 3", "guichet.toml : channels.email : « 3 » ne convient pas : il y faut une"),
        ("data = var", "guichet.toml, ligne 1, colonne 8 : la valeur ne se lit pas : un texte se met"),
        ('data = "var', "guichet.toml, à la fin : un guillemet n'est pas refermé."),
        ('data = "a"\ndata = "b"', "guichet.toml, à la fin : ce nom est donné deux fois."),
        ("[channels.sms.+33756000044]", "guichet.toml, ligne 1, colonne 15 : un nom qui a autre chose"),
        ("[channels.email.a@b.example]", "colonne 18 : un nom qui a autre chose que des lettres"),
        ("base_url = \"ftp:x\"", "guichet.toml : base_url : « ftp:x » n'est pas une adresse"),
        ('cell = "Nantes"', "guichet.toml : cell : « Nantes » ne convient pas comme nom d'installation"),
        ('cell = "rezé"', "il y faut des lettres minuscules sans accent, des chiffres et des tirets"),
        ("cell = 3", "guichet.toml : cell : « 3 » ne convient pas : il y faut un texte entre"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_at_its_place(elsewhere, written, said):
    (elsewhere / "guichet.toml").write_text(written)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert said in str(raised.value)


def test_each_mistake_is_a_line(elsewhere):
    (elsewhere / "guichet.toml").write_text("dangers_per_day = 0\nautomatic_per_day = []\nx = 1")
    ended = CliRunner().invoke(cli, ["cases", "list"])
    assert ended.exit_code == 2
    told = [line for line in ended.output.splitlines() if line.startswith("guichet.toml : ")]
    assert [line.split(" : ")[1] for line in told] == ["automatic_per_day", "dangers_per_day", "x"]


def test_wrong_channels_and_all_other_mistakes_are_told_at_once(elsewhere, monkeypatch):
    (elsewhere / "guichet.toml").write_text(
        '[channels.telegrm]\ntoken = "x"\n[channels.fax]\na = 1\n[channels.sms]\nx = 1\n'
    )
    monkeypatch.setenv("GUICHET_CHANNELS__EMAL__SMTP_HOST", "x")
    monkeypatch.setenv("GUICHET_DATA_BASE", "x")
    monkeypatch.setenv("GUICHET_AUTOMATIC_PER_DAY", "0")
    ended = CliRunner().invoke(cli, ["cases", "list"], env={"COLUMNS": "200"})
    assert ended.exit_code == 2
    assert set(ended.output.splitlines()) == {
        "GUICHET_DATA_BASE : ce réglage n'existe pas. Voulez-vous dire « GUICHET_DATABASE_URL » ?",
        "GUICHET_AUTOMATIC_PER_DAY : automatic_per_day : « 0 » ne convient pas : il y faut un nombre"
        " entier d'au moins 1.",
        "guichet.toml : channels.telegrm : ce canal n'existe pas. Voulez-vous dire « telegram » ?",
        "guichet.toml : channels.fax : ce canal n'existe pas.",
        "GUICHET_CHANNELS__EMAL__SMTP_HOST : channels.emal : ce canal n'existe pas. Voulez-vous dire"
        " « email » ?",
    }


@pytest.mark.parametrize("file", [True, False], ids=["beside a file", "alone"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GUICHET_DATA_BASE", " Voulez-vous dire « GUICHET_DATABASE_URL » ?"),
        ("GUICHET_CHANNEL__EMAIL__USER", " Voulez-vous dire « GUICHET_CHANNELS__EMAIL__USER » ?"),
        ("GUICHET_ZZZ", ""),
    ],
)
def test_a_variable_that_nobody_reads_is_named_and_nothing_starts(
    elsewhere, monkeypatch, file, name, meant
):
    if file:
        (elsewhere / "guichet.toml").write_text('data = "var"')
    monkeypatch.setenv(name, "x")
    for words in (["cases", "list"], ["doctor"], ["serve", "--port", "0"], ["outbox", "list"]):
        ended = CliRunner().invoke(cli, words, env={"COLUMNS": "200"})
        assert (ended.exit_code, ended.output) == (2, f"{name} : ce réglage n'existe pas.{meant}\n")
    assert not (elsewhere / "var").exists()


@pytest.mark.parametrize(
    "name",
    ["GUICHET_PORT", "GUICHET_PORT_80_TCP", "GUICHET_SERVICE_HOST", "GUICHET_AGENT", "GUICHETS"],
)
def test_what_others_put_into_the_environment_stops_nothing(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    assert load_settings().automatic_per_day == 20


def test_each_setting_has_its_variable():
    assert {name.upper() for name in Settings.model_fields} == set(SETTINGS)


def test_a_file_in_another_encoding_is_told(elsewhere):
    (elsewhere / "guichet.toml").write_bytes('data = "données"'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="ce fichier n'est pas en UTF-8"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GUICHET_DANGERS_PER_DAY", "zéro", "GUICHET_DANGERS_PER_DAY : dangers_per_day : « zéro » ne"),
        ("GUICHET_CHANNELS", "{", "GUICHET_CHANNELS : ce n'est pas du JSON"),
        ("GUICHET_CHANNELS__EMAIL", "3", "GUICHET_CHANNELS__EMAIL : channels.email : « 3 » ne convient"),
        ("GUICHET_BASE_URL", "x y", "GUICHET_BASE_URL : base_url : « x y » n'est pas une adresse"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_variable_is_told_with_its_name(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert str(raised.value).startswith(said)


PORT = "il y faut un nombre entier de 1 à 65535"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "[channels.email]\nsmtp_port = 0",
            f"guichet.toml : channels.email.smtp_port : « 0 » ne convient pas : {PORT}"
            f" (compte {BOX}).",
        ),
        (
            f'[channels.email."{BOX}"]\nsmtp_tls = "ssl"',
            f'guichet.toml : channels.email."{BOX}".smtp_tls : « ssl » ne convient pas : il y faut'
            " « none », « starttls » ou « implicit ».",
        ),
        (
            '[channels.email]\nsmtp_hosst = "x"',
            "channels.email.smtp_hosst : ce réglage n'existe pas. Voulez-vous dire « smtp_host » ?",
        ),
        ("[channels.email]\nimap_tls = 3", "« 3 » ne convient pas : il y faut true ou false"),
        ("[channels.email]\npassword = 12345678", "password : ce qui est donné ne convient pas : il"),
        ('[channels.partner_email]\ntimezone = "Paris"', "« Paris » n'est pas un fuseau horaire"),
        ('[channels.desk.keys]\nanne = "court"', "channels.desk.keys : la clé de anne a moins de"),
        (
            '[channels.sms."+33756000044"]\nprovider = "relais.toml"',
            'channels.sms."+33756000044" : provider « relais.toml » : ce chemin n\'existe pas.',
        ),
        ("[channels.web]\nquick_s = \"vite\"", "channels.web.quick_s : « vite » ne convient pas"),
    ],
)  # fmt: skip
async def test_a_mistake_in_a_channel_is_told_with_its_account(elsewhere, ids, written, said):
    (elsewhere / "guichet.toml").write_text(written)
    settings = load_settings(data=elsewhere, config=CONFIG)
    with pytest.raises(ConfigurationError) as raised:
        await build(settings, MemoryStore(ids), publish=False)
    assert said in str(raised.value)
    assert "12345678" not in str(raised.value)


async def test_a_mistake_in_a_variable_of_a_channel_is_told_with_its_name(
    elsewhere, ids, monkeypatch
):
    monkeypatch.setenv("GUICHET_CHANNELS__EMAIL__SMTP_PORT", "vingt-cinq")
    settings = load_settings(data=elsewhere, config=CONFIG)
    with pytest.raises(ConfigurationError) as raised:
        await build(settings, MemoryStore(ids), publish=False)
    assert str(raised.value) == (
        "GUICHET_CHANNELS__EMAIL__SMTP_PORT : channels.email.smtp_port : « vingt-cinq » ne convient"
        f" pas : {PORT} (compte {BOX})."
    )


def _of_a_cell(line: str, name: str = "metropole", own: str = "nantes") -> str:
    return (f'cell = "{own}"\n' if own else "") + f'[channels.cell."{name}"]\n{line}'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (_of_a_cell('speaks = "nous"'), "speaks : « nous » ne convient pas : il y faut « origin » ou"),
        (_of_a_cell('at_end = "stop"'), "at_end : « stop » ne convient pas : il y faut « return » ou"),
        (
            _of_a_cell('shares = ["photo"]'),
            "shares.0 : « photo » ne convient pas : il y faut « status », « answers », « questions »,",
        ),
        (_of_a_cell('shares = "photos"'), "shares : « photos » ne convient pas : il y faut une liste"),
        (
            _of_a_cell('until = "demain"'),
            "guichet.toml : channels.cell.metropole.until : « demain » ne convient pas : il y faut une"
            " date sans guillemets, comme 2026-12-31.",
        ),
        (_of_a_cell('keys = {c1 = "12345678"}'), "metropole.keys : la clé « c1 » a moins de 24 octets."),
        (_of_a_cell('keys = {c1 = "1234567é"}'), "metropole.keys : la clé « c1 » n'est pas en base64."),
        (_of_a_cell('current = "c2"'), "current : aucune clé de keys ne s'appelle « c2 »."),
        (_of_a_cell('until = 2026-12-31', name="Métropole"), "« Métropole » ne convient pas comme nom"),
        (
            _of_a_cell('until = 2026-12-31', own=""),
            "guichet.toml : channels.cell.metropole : le réglage cell manque : il donne le nom de cette",
        ),
        (_of_a_cell('until = 2026-12-31', own="metropole"), "c'est le nom de cette installation"),
    ],
)  # fmt: skip
async def test_a_mistake_in_what_is_agreed_with_another_installation_is_one_sentence(
    elsewhere, ids, written, said
):
    (elsewhere / "guichet.toml").write_text(written)
    settings = load_settings(data=elsewhere, config=CONFIG)
    with pytest.raises(ConfigurationError) as raised:
        await build(settings, MemoryStore(ids), publish=False)
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert "1234567" not in str(raised.value)


def test_the_name_of_an_installation_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("GUICHET_CELL", "nantes")
    assert load_settings().cell == "nantes"
