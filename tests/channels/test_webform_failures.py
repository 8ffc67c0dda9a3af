"""Each trouble that web forms are known for, from the page to the case."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import re
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pillow_heif
import pytest
from altcha.v1 import solve_challenge
from PIL import Image
from town import TownChannel
from web_town import MAILBOX, WebTown, hidden, link_in, picture, web_town

from app.running.files import SentFiles
from router.case import Case
from router.message import Address, Envelope
from router.tracking import printed
from web.app import create_app
from web.throttle import Throttle


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[WebTown]:
    async with web_town(tmp_path) as town:
        yield town


@pytest.fixture
async def browser(town: WebTown) -> AsyncIterator[httpx.AsyncClient]:
    async with town.browser() as browser:
        yield browser


# --- the same form, twice or late -----------------------------------------------------------------


async def test_a_double_submit_is_one_case(town: WebTown, browser: httpx.AsyncClient) -> None:
    fields = await town.filled(browser)
    sent = await asyncio.gather(*(browser.post("/signaler", data=fields) for _ in range(4)))
    await town.route()
    late = await browser.post("/signaler", data=fields)
    assert {answer.status_code for answer in (*sent, late)} == {303}
    [case] = await town.cases()
    assert late.headers["location"] == f"/suivi/{printed(case.number)}?nouveau=1"


async def test_an_expired_challenge_asks_once_more_and_loses_no_word(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    fields = await town.filled(browser, after_s=25 * 3600)
    answer = await browser.post("/signaler", data=fields)
    assert answer.status_code == 422
    assert "Un lampadaire cassé" in answer.text
    town.clock.pass_(seconds=30)
    again = await browser.post("/signaler", data={**fields, **hidden(answer.text)})
    assert again.status_code == 303


async def test_a_forged_challenge_sends_nothing(town: WebTown, browser: httpx.AsyncClient) -> None:
    fields = await town.filled(browser)
    parts = fields["id"].split("-")
    for forged in ("", "x", "a-b-c", "-".join([parts[0], "ffffffff", parts[2]])):
        answer = await browser.post("/signaler", data={**fields, "id": forged})
        assert answer.status_code == 422
    assert await town.store.journal() == []


async def test_a_challenge_replayed_for_ever_new_reports_is_to_be_verified(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    fields = await town.filled(browser)
    for number in range(7):
        town.clock.pass_(minutes=2)
        await browser.post("/signaler", data={**fields, "text": f"Un lampadaire cassé, {number}"})
    await town.route()
    cases = await town.cases()
    assert [("a-verifier" in case.labels) for case in cases] == [False] * 5 + [True] * 2
    assert "le même formulaire" in await town.notes(cases[-1])


# --- machines: looked at, never dropped -----------------------------------------------------------


async def test_a_honeypot_that_is_filled_is_to_be_verified_and_writes_to_nobody(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await town.report(
        browser, website="http://spam.example", reply="email", email="victim@mail.example"
    )
    await town.route()
    [case] = await town.cases()
    assert "a-verifier" in case.labels
    assert "un champ que l'on ne voit pas" in await town.notes(case)
    assert await town.deliveries("email") == []


async def test_a_form_filled_in_within_a_second_is_to_be_verified(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await town.report(browser, after_s=1)
    await town.report(browser, after_s=20)
    await town.route()
    quick, slow = await town.cases()
    assert ("a-verifier" in quick.labels, "a-verifier" in slow.labels) == (True, False)


async def test_many_reports_of_one_connection_are_to_be_verified_then_wait(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, reports_at_once=2, reports_most=4) as town:
        async with town.browser() as browser, town.browser("192.0.2.9") as neighbour:
            for number in range(20):
                said = f"Un lampadaire cassé, numéro {number}"
                answer = await town.report(browser, after_s=3, text=said)
                if answer.status_code == 429:
                    break
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            assert said in answer.text
            assert (await town.report(neighbour)).status_code == 303
        await town.route()
        verified = ["a-verifier" in case.labels for case in await town.cases()]
        assert verified == [False, False, *[True] * (number - 2), False]


async def test_no_address_of_a_person_lies_in_the_counters(town: WebTown) -> None:
    throttle = Throttle(town.clock, 3, b"key")
    throttle.spend("192.0.2.1")
    other = Throttle(town.clock, 3, b"another")
    other.spend("192.0.2.1")
    assert "192.0.2.1" not in repr(throttle.__dict__)
    assert set(throttle._buckets).isdisjoint(other._buckets)  # no table of all addresses tells it


async def test_a_form_posted_past_our_page_is_not_taken(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    answer = await browser.post("/webhooks/web/web", json={"id": "f1", "text": "Un trou"})
    assert answer.status_code == 404
    assert await town.store.journal() == []


def solved(page: str) -> str:
    """Do the sum of a page as a browser does."""
    found = re.search(r'data-challenge="([^"]+)"', page)
    assert found
    task = json.loads(html.unescape(found[1]))
    solution = solve_challenge(
        task["challenge"], task["salt"], task["algorithm"], task["maxnumber"]
    )
    assert solution is not None
    answer = {name: task[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(answer | {"number": solution.number}).encode()).decode()


async def test_a_proof_of_work_where_it_is_asked_tells_browsers_from_machines(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, proof_of_work=500) as town, town.browser() as browser:
        page = (await browser.get("/")).text
        other = solved((await browser.get("/")).text)
        fields = {**hidden(page), "text": "Un lampadaire cassé", "website": ""}
        deep = base64.b64encode(b"[" * 1500).decode()  # JSON that no parser goes down
        for number, proof in enumerate((solved(page), "", other, "x", "e30=", "W10=", deep)):
            town.clock.pass_(minutes=2)
            said = {**fields, "text": f"Un lampadaire, {number}", "proof": proof}
            assert (await browser.post("/signaler", data=said)).status_code == 303
        await town.route()
        verified = ["a-verifier" in case.labels for case in await town.cases()]
        assert verified == [False, True, True, True, True, True, True]  # another's proof is none


async def test_a_page_that_was_open_for_long_comes_back_with_a_sum_of_its_own(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, proof_of_work=500) as town, town.browser() as browser:
        page = (await browser.get("/")).text
        said = {**hidden(page), "text": "Un lampadaire cassé", "website": ""}
        town.clock.pass_(days=3)
        again = await browser.post("/signaler", data={**said, "proof": solved(page)})
        assert again.status_code == 422
        assert not hidden(again.text).get("proof")  # the script fills in what is empty


async def test_without_javascript_and_with_a_proof_asked_the_report_still_arrives(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, proof_of_work=500) as town, town.browser() as browser:
        assert (await town.report(browser)).status_code == 303
        await town.route()
        [case] = await town.cases()
        assert "sans la preuve" in await town.notes(case)


# --- pictures -------------------------------------------------------------------------------------


def bomb(side: int = 60_000) -> bytes:
    """A few kilobytes of PNG that say they unpack to side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


async def with_photo(
    town: WebTown, browser: httpx.AsyncClient, data: bytes, name: str = "photo.jpg", **fields: str
) -> httpx.Response:
    form = await town.filled(browser, **fields)
    return await browser.post("/signaler", data=form, files={"photo": (name, data, "image/jpeg")})


async def test_an_image_bomb_is_refused_in_a_sentence_and_the_words_are_kept(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    answer = await with_photo(town, browser, bomb())
    assert answer.status_code == 422
    assert "trop grande" in answer.text
    assert "Un lampadaire cassé" in answer.text


async def stored(town: WebTown) -> bytes:
    """Get the one picture of the one case as a service does."""
    await town.route()
    [case] = await town.cases()
    files = SentFiles(town.store, {("web", "web"): town.web})
    return await files.open_file(case.files[0], 10**7)


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04zip", b"%PDF-1.7"])
async def test_a_polyglot_keeps_its_picture_and_nothing_else(
    town: WebTown, browser: httpx.AsyncClient, tail: bytes
) -> None:
    assert (await with_photo(town, browser, picture() + tail)).status_code == 303
    kept = await stored(town)
    assert tail not in kept
    assert kept.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='x'><script/></svg>", b"<html>", b"MZ\x90\x00", b"%PDF-1.7"]
)
async def test_the_type_is_told_by_the_content_and_not_by_the_name(
    town: WebTown, browser: httpx.AsyncClient, data: bytes
) -> None:
    answer = await with_photo(town, browser, data, "trou.jpg")
    assert answer.status_code == 422
    assert await town.store.journal() == []


async def test_a_heic_of_a_telephone_arrives_as_a_jpeg(
    town: WebTown, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "blue")).save(tmp_path / "p.heic")
    data = (tmp_path / "p.heic").read_bytes()
    assert (await with_photo(town, browser, data, "IMG_1.HEIC")).status_code == 303
    assert (await stored(town)).startswith(b"\xff\xd8")


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "left"])
async def test_the_position_of_a_photo_is_offered_not_imposed_and_then_removed(
    town: WebTown, browser: httpx.AsyncClient, taken: bool
) -> None:
    offer = await with_photo(town, browser, picture(position=True))
    assert offer.status_code == 200
    assert "47.22000, -1.56000" in offer.text
    choice = {"use_photo_position": "1"} if taken else {}
    sent = await browser.post("/signaler", data={**hidden(offer.text), "do": "confirm", **choice})
    assert sent.status_code == 303
    kept = await stored(town)
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
    assert b"telephone of somebody" not in kept
    message = town.seen[-1].message
    assert message is not None
    assert (message.location is not None) is taken


# --- numbers, and who answers himself -------------------------------------------------------------


async def test_tracking_number_guessing_is_throttled(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await town.report(browser)
    await town.route()
    [case] = await town.cases()
    async with town.browser("192.0.2.66") as guesser:
        answers = [(await guesser.get(f"/suivi/{n:04d}-0000-000")).status_code for n in range(40)]
        assert answers[:20] == [404] * 20
        assert answers[-1] == 429
        assert (await guesser.get(f"/suivi/{printed(case.number)}")).status_code == 429
    assert (await browser.get(f"/suivi/{printed(case.number)}")).status_code == 200


async def test_robots_that_fill_in_the_form_without_end_are_answered_a_day_s_budget_and_no_more(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, reports_at_once=1000, reports_most=1000) as town:
        async with town.browser() as browser:
            for number in range(30):
                await town.report(
                    browser,
                    text=f"Un lampadaire cassé rue n{number}",
                    reply="email",
                    email="robot@town.example",
                )
                await town.route()
        written = await town.deliveries("email")
        assert 0 < len(written) <= town.policy.automatic_per_day


async def test_strangers_forms_use_up_nothing_of_the_owner_s_automatic_answers(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, reports_at_once=1000, reports_most=1000) as town:
        owner = "anne@mail.example"
        for number in range(25):
            async with town.browser(f"192.0.2.{number}") as stranger:
                text = f"Un lampadaire cassé rue n{number}"
                await town.report(stranger, text=text, reply="email", email=owner)
                await town.route()
        asked = await town.deliveries("email")
        assert len(asked) == town.policy.confirmations_per_day
        assert len(await town.deliveries("web")) == 25  # each reads his answer on his page
        assert "Aucun lien de confirmation" in await town.notes((await town.cases())[-1])
        await mailed(town, "La poubelle devant chez moi déborde")
        assert len(await town.deliveries("email")) == len(asked) + 1
        town.clock.pass_(days=1)
        async with town.browser() as stranger:
            await town.report(stranger, reply="email", email=owner)
            await town.route()
        assert len(await town.deliveries("email")) == len(asked) + 2


async def test_one_connection_has_only_so_many_letters_sent_to_addresses_it_types(
    tmp_path: Path,
) -> None:
    async with web_town(
        tmp_path, reports_at_once=1000, reports_most=1000, letters_at_once=4
    ) as town:
        for client, expected in (("192.0.2.1", 4), ("192.0.2.2", 8)):
            async with town.browser(client) as stranger:
                for number in range(7):
                    address = f"n{number}.{client}@town.example"
                    await town.report(
                        stranger, text=f"Rue n{number}", reply="email", email=address, after_s=5
                    )
                    await town.route()
            assert len(await town.deliveries("email")) == expected
        assert len(await town.deliveries("web")) == 14
        [*_, last] = await town.cases()
        assert "adresses" in await town.notes(last)
        assert last.reporters[0].answered_at.channel == "web"


async def test_while_the_database_is_down_the_person_is_told_and_keeps_the_text(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    fields = await town.filled(browser)
    await town.store.close()
    answer = await browser.post("/signaler", data=fields)
    assert answer.status_code == 503
    assert "Un lampadaire cassé" in answer.text


# --- the reply channel is the person's own --------------------------------------------------------


async def reported(town: WebTown, browser: httpx.AsyncClient, **fields: str) -> Case:
    await town.report(browser, **(fields or {"reply": "email", "email": "anne@mail.example"}))
    await town.route()
    return (await town.cases())[-1]


async def answer_of_the_service(town: WebTown, case: Case, **more: object) -> None:
    act = {"kind": "act", "token": town.signer.sign("p", case.number, case.owner)}
    act |= {"act": "close", "text": "Le lampadaire est réparé.", **more}
    town.router = replace(
        town.router, readers={**town.router.readers, ("memory", "town"): TownChannel()}
    )
    await town.store.accept([town.envelope("service", **act)])
    await town.route()


async def test_until_the_address_is_confirmed_it_is_sent_the_link_and_nothing_of_the_case(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser)
    await answer_of_the_service(town, case)
    [asked] = await town.deliveries("email")
    assert link_in(asked.text).startswith("/confirmer/")
    assert "lampadaire" not in asked.text.lower()
    assert any("réparé" in on_page.text for on_page in await town.deliveries("web"))
    assert "n'est pas confirmée" in await town.notes(case)
    page = await browser.get(f"/suivi/{printed(case.number)}")
    assert "Le lampadaire est réparé." in page.text


@pytest.mark.parametrize(
    ("fields", "channel", "value"),
    [
        ({"reply": "email", "email": "anne@mail.example"}, "email", "anne@mail.example"),
        ({"reply": "sms", "phone": "06 12 34 56 78"}, "sms", "+33612345678"),
    ],
)
async def test_the_reply_channel_is_confirmed_by_a_link_that_serves_once(
    town: WebTown, browser: httpx.AsyncClient, fields: dict[str, str], channel: str, value: str
) -> None:
    case = await reported(town, browser, **fields)
    [asked] = await town.deliveries(channel)
    link = link_in(asked.text)
    assert "Confirmer" in (await browser.get(link)).text
    await town.route()
    assert len(await town.deliveries(channel)) == 1  # looking changes nothing
    for _ in range(3):
        done = await browser.post(link)
        assert done.headers["location"].startswith(f"/suivi/{printed(case.number)}")
        await town.route()
    receipts = await town.deliveries(channel)
    assert [d.address.value for d in receipts] == [value] * 2
    assert printed(case.number) in receipts[1].text
    await answer_of_the_service(town, case)
    assert "réparé" in (await town.deliveries(channel))[-1].text


async def test_a_link_that_is_forged_or_of_another_address_confirms_nothing(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser)
    [asked] = await town.deliveries("email")
    link = link_in(asked.text)
    reply = town.signer.sign("r", case.number, "email|x||anne@mail.example")
    for forged in (link[:-1], f"/confirmer/{reply}", "/confirmer/x"):
        assert (await browser.post(forged)).status_code == 404
    other = town.signer.sign("c", case.number, "email|guichet@town.example||bob@mail.example")
    await browser.post(f"/confirmer/{other}")
    await town.route()
    [after] = await town.cases()
    assert after.reporters[0].page is not None


async def test_in_danger_an_unconfirmed_address_is_told_whom_to_call(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await reported(town, browser, text="Odeur de gaz", reply="email", email="anne@mail.example")
    [asked] = await town.deliveries("email")
    assert asked.text.startswith("Appelez le 18 ou le 112")


async def mailed(town: WebTown, text: str, **more: object) -> None:
    """Have Anne write from her own mailbox."""
    anne = Address("email", MAILBOX, "anne@mail.example")
    said, name = json.dumps({"text": text, **more}).encode(), f"mail-{town.ids.next()}"
    town.router = replace(
        town.router, readers={**town.router.readers, ("memory", "town"): TownChannel()}
    )
    await town.store.accept([Envelope("memory", "town", name, anne.key, said, town.clock.now())])
    await town.route()


async def test_who_writes_from_the_address_about_the_case_has_confirmed_it(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser)
    await mailed(town, f"Toujours rien, demande {printed(case.number)}")
    [after] = await town.cases()
    assert after.reporters[0].page is None


async def test_who_has_confirmed_the_address_goes_on_from_there(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await reported(town, browser)
    [asked] = await town.deliveries("email")
    await browser.post(link_in(asked.text))
    await town.route()
    await mailed(town, "Toujours rien")
    [case] = await town.cases()
    assert "Toujours rien" in case.text


async def test_a_confirmed_address_is_answered_by_the_service_of_each_part(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    text, email = "Un lampadaire et une poubelle cassés", "anne@mail.example"
    case = await reported(town, browser, text=text, reply="email", email=email)
    lighting, cleaning = await town.store.children(case.id)
    [asked] = await town.deliveries("email")
    await answer_of_the_service(town, cleaning)
    assert len(await town.deliveries("email")) == 1  # not before it is confirmed
    await browser.post(link_in(asked.text))
    await town.route()
    await answer_of_the_service(town, lighting)
    assert "réparé" in (await town.deliveries("email"))[-1].text


async def test_a_form_with_another_s_address_takes_no_part_in_her_conversation(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await mailed(town, "C'est flou")
    [hers] = await town.cases()
    assert hers.asked == "lieu"
    strangers = await reported(town, browser)
    assert strangers.id != hers.id
    await mailed(town, "rue Scribe")
    hers, strangers = await town.cases()
    assert "rue Scribe" in hers.text
    assert (hers.place.street, hers.asked) == ("rue scribe", "")
    assert "rue Scribe" not in strangers.text
    assert strangers.reporters[0].page is not None


async def test_a_form_with_an_address_never_confirmed_is_no_word_of_its_owner(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser)
    text = f"Et la poubelle ? {printed(case.number)}"
    await town.report(browser, text=text, reply="email", email="anne@mail.example")
    await town.route()
    [after] = await town.cases()
    assert "poubelle" not in after.text
    assert after.reporters == case.reporters
    assert len(await town.deliveries("email")) == 1  # the link of the first form
    assert len(await town.deliveries("web")) == 2


async def test_a_form_with_an_address_never_confirmed_joins_a_confirmed_case_as_a_third_party(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await mailed(town, "Le lampadaire est éteint")
    [case] = await town.cases()
    await town.report(
        browser,
        text=f"Laissez tomber, {printed(case.number)}",
        reply="email",
        email="anne@mail.example",
    )
    await town.route()
    [after] = await town.cases()
    assert "Laissez tomber" not in after.text
    assert len(await town.deliveries("email")) == 1  # the receipt of her own mail


async def test_a_form_that_says_nothing_has_nothing_written_to_the_address_in_it(
    town: WebTown,
) -> None:
    form = {"id": "raw", "text": " ", "reply": "email", "email": "anne@mail.example"}
    raw = json.dumps(form).encode()
    await town.store.accept(town.web.open_raw(raw, town.clock.now()))
    await town.route()
    assert await town.deliveries("email") == []
    [told] = await town.deliveries("web")
    assert "vide" in told.text


async def test_who_is_answered_on_the_page_is_answered_there_whatever_the_address_wants(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await mailed(town, "", kind="stop", confirmed=True)
    case = await reported(town, browser)
    photo = {"name": "fait.jpg", "media_type": "image/jpeg", "size": 90_000, "ref": "1"}
    await answer_of_the_service(town, case, attachments=[photo])
    answer = (await town.deliveries("web"))[-1]
    assert "réparé" in answer.text
    assert "/suivi/" not in answer.text  # the photo stands on the page that is being read
    assert await town.deliveries("email") == []


async def added_on_the_page(town: WebTown, browser: httpx.AsyncClient, case: Case) -> Case:
    path = f"/suivi/{printed(case.number)}"
    form = hidden((await browser.get(path)).text) | {"text": "Laissez tomber"}
    assert (await browser.post(path, data=form)).status_code == 303
    await town.route()
    return next(each for each in await town.cases() if each.id == case.id)


async def test_a_browser_that_typed_another_s_address_is_not_hers_on_her_tracking_page(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    await mailed(town, "Le lampadaire est éteint")
    [hers] = await town.cases()
    await reported(town, browser)
    assert "Laissez tomber" not in (await added_on_the_page(town, browser, hers)).text


@pytest.mark.parametrize("confirmed", [False, True])
async def test_the_browser_of_the_form_is_known_before_and_after_the_address_is_confirmed(
    town: WebTown, browser: httpx.AsyncClient, confirmed: bool
) -> None:
    case = await reported(town, browser)
    if confirmed:
        [asked] = await town.deliveries("email")
        await browser.post(link_in(asked.text))
        await town.route()
    assert "Laissez tomber" in (await added_on_the_page(town, browser, case)).text


async def test_a_photo_that_another_channel_could_not_carry_is_left_on_the_tracking_page(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser, reply="page")
    page = await browser.get(f"/suivi/{printed(case.number)}")
    town.clock.pass_(seconds=20)
    photo = {"photo": ("IMG.jpg", picture(position=True), "image/jpeg")}
    form = {"id": hidden(page.text)["id"], "text": ""}
    sent = await browser.post(f"/suivi/{printed(case.number)}", data=form, files=photo)
    assert sent.status_code == 303
    await town.route()
    [after] = await town.cases()
    assert (len(after.files), after.attachments) == (1, 1)


async def test_a_file_that_is_no_photo_is_refused_on_the_tracking_page_and_the_words_are_kept(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser, reply="page")
    page = await browser.get(f"/suivi/{printed(case.number)}")
    form = {"id": hidden(page.text)["id"], "text": "Voici une photo"}
    photo = {"photo": ("IMG.jpg", b"%PDF-1.7", "image/jpeg")}
    answer = await browser.post(f"/suivi/{printed(case.number)}", data=form, files=photo)
    assert answer.status_code == 422
    assert "Voici une photo" in answer.text


async def test_a_photo_of_25_mb_is_taken_on_the_tracking_page(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser, reply="page")
    page = await browser.get(f"/suivi/{printed(case.number)}")
    large = picture() + bytes(25_000_000)  # what a camera writes behind the picture
    form = {"id": hidden(page.text)["id"], "text": ""}
    sent = await browser.post(
        f"/suivi/{printed(case.number)}", data=form, files={"photo": ("a.jpg", large, "image/jpeg")}
    )
    assert sent.status_code == 303


async def test_words_without_end_on_a_tracking_page_have_to_wait_and_are_kept(
    tmp_path: Path,
) -> None:
    async with web_town(tmp_path, reports_most=3) as town, town.browser() as browser:
        case = await reported(town, browser, reply="page")
        for number in range(9):
            page = await browser.get(f"/suivi/{printed(case.number)}")
            form = {"id": hidden(page.text)["id"], "text": f"Encore, {number}"}
            answer = await browser.post(f"/suivi/{printed(case.number)}", data=form)
        assert answer.status_code == 429
        assert "Encore, 8" in answer.text
        assert int(answer.headers["retry-after"]) > 0


async def test_more_photos_than_are_taken_leave_the_words_on_the_tracking_page(
    town: WebTown, browser: httpx.AsyncClient
) -> None:
    case = await reported(town, browser, reply="page")
    page = await browser.get(f"/suivi/{printed(case.number)}")
    form = {"id": hidden(page.text)["id"], "text": "Voici mes photos"}
    photos = [("photo", (f"{n}.jpg", picture(), "image/jpeg")) for n in range(6)]
    answer = await browser.post(f"/suivi/{printed(case.number)}", data=form, files=photos)
    assert answer.status_code == 422
    assert "Voici mes photos" in answer.text


async def test_pictures_posted_without_end_are_kept_no_more(tmp_path: Path) -> None:
    async with web_town(tmp_path, reports_most=3) as town, town.browser() as browser:
        case = await reported(town, browser, reply="page")
        kept = 0

        async def save(name: str, data: bytes) -> str:
            nonlocal kept
            kept += 1
            return f"kept-{kept}"

        town.app = create_app(replace(town._parts({"reports_most": 3}), save_photo=save))
        async with town.browser() as stranger:
            at = f"/suivi/{printed(case.number)}"
            form = {"id": hidden((await stranger.get(at)).text)["id"], "text": "x" * 5001}
            for _ in range(20):
                photo = {"photo": ("a.jpg", picture(), "image/jpeg")}
                answer = await stranger.post(at, data=form, files=photo)
        assert answer.status_code == 429
        assert kept == 3
