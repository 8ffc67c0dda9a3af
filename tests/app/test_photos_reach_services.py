"""A photo that a person sends on any channel lies in the mail that its service receives."""

import asyncio
import base64
import io
import json
import re
from contextlib import asynccontextmanager
from email.message import EmailMessage

import httpx
import pytest
from PIL import Image

from app.running.files import SentFiles
from app.running.photos import PhotoFolder
from app.running.server import Server
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from demo.city import City
from demo.server import listen
from router.case import CaseFile
from router.errors import InvalidInput

COUNTER, SERVICE = "guichet@nantes.example", "eclairage@metropole.example"
WORDS = "Le lampadaire rue de la Poterie à Rezé est éteint"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "JPEG")
    return out.getvalue()


@asynccontextmanager
async def town(folder):
    """Run the product among its providers; gives the city and the product."""
    sock = listen(0)
    base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    city = City(None)
    async with city, opened(folder, "") as store:
        settings = load_settings(data=folder, base_url=base_url, channels=city.settings(base_url))
        product = await build(settings, store, with_inactive=True)
        server = Server(product, sockets=[sock])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            await server.started.wait()
            await city.connect(base_url)
            try:
                yield city, product
            finally:
                server.stop.set()


async def by_mail(city, product, photo):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "lea@b.example", COUNTER, "Panne"
    message.set_content(WORDS)
    message.add_attachment(photo, "image", "jpeg", filename="lampadaire.jpg")
    await city.mail.citizen_sends(message.as_bytes(), COUNTER)


async def by_sms(city, product, photo):
    await city.twilio.citizen_sends(
        "+33612345678", "+33756000044", WORDS, media=[("image/jpeg", photo)]
    )


async def by_telegram(city, product, photo):
    await city.telegram.citizen_sends(4242, WORDS, photo=photo)


async def by_form(city, product, photo):
    ref = await PhotoFolder(product.settings.data / "photos").save("a.jpg", photo)
    file = {"name": "photo-1.jpg", "media_type": "image/jpeg", "size": len(photo), "ref": ref}
    body = json.dumps({"id": "f1", "text": WORDS, "attachments": [file]}).encode()
    channel = product.channels[("web", "web")]
    await product.store.accept(channel.open_raw(body, product.clock.now()))


@pytest.mark.parametrize("send", [by_mail, by_sms, by_telegram, by_form])
async def test_a_photo_reaches_the_service(tmp_path, send):
    photo = picture()
    async with asyncio.timeout(40), town(tmp_path) as (city, product):
        await send(city, product, photo)
        [mail] = await city.mail.until_received(SERVICE, 1)
    photos = [
        each.get_content()
        for each in mail.message.iter_attachments()
        if each.get_content_type() == "image/jpeg"
    ]
    assert photos == [photo]
    assert "Fichier joint" in mail.text
    assert base64.b64encode(photo)[:20] not in mail.text.encode()


async def test_a_photo_that_the_provider_no_longer_has_does_not_hold_up_the_case(tmp_path):
    async with asyncio.timeout(40), town(tmp_path) as (city, product):
        city.twilio.faults.push("5xx", on="media", times=5)
        await by_sms(city, product, picture())
        [mail] = await city.mail.until_received(SERVICE, 1)
    assert "Fichier non joint : photo-1.jpg" in mail.text


@pytest.mark.parametrize("ref", ["../secret.key", "", "a.jpg", "/etc/passwd", "0" * 32 + ".jpg"])
async def test_only_pictures_of_ours_are_read_from_the_folder(tmp_path, ref):
    (tmp_path / "secret.key").write_text("secret")
    with pytest.raises(InvalidInput):
        await PhotoFolder(tmp_path / "photos").read(ref, 100)


async def test_a_picture_beyond_the_limit_is_not_given(tmp_path):
    folder = PhotoFolder(tmp_path)
    ref = await folder.save("a.jpg", b"x" * 100)
    assert await folder.read(ref, 100) == b"x" * 100
    with pytest.raises(InvalidInput):
        await folder.read(ref, 99)


async def test_a_file_of_a_message_or_channel_that_is_gone_is_named_as_such(tmp_path):
    async with opened(tmp_path, "") as store:
        with pytest.raises(InvalidInput, match="no longer kept"):
            await SentFiles(store, {}).open_file(CaseFile(404, "r", "a.jpg", "image/jpeg"), 10)


async def closes_by_page(url, photo):
    """Close a case on the service's page, with a photo of what was done."""
    async with httpx.AsyncClient(headers={"origin": url.split("/p/")[0]}) as service:
        page = (await service.get(url)).text
        form_id = re.search(r'name="id" value="([^"]+)"', page)[1]
        said = {"id": form_id, "act": "close", "text": "Réparé ce matin."}
        answer = await service.post(url, data=said, files={"photo": ("apres.jpg", photo)})
    assert answer.status_code == 303


async def test_the_photo_of_the_result_is_seen_by_who_reported_and_by_the_service(tmp_path):
    async with asyncio.timeout(40), town(tmp_path) as (city, product):
        await by_mail(city, product, picture())
        [mail] = await city.mail.until_received(SERVICE, 1)
        url = re.search(r"http\S+/p/\S+(?=\?act=close)", mail.text)[0]
        await closes_by_page(url, picture())
        answer = (await city.mail.until_received("lea@b.example", 2))[-1]
        [carried] = [
            each.get_content()
            for each in answer.message.iter_attachments()
            if each.get_content_type() == "image/jpeg"
        ]
        link = re.search(r"Photo du résultat : (\S+)", answer.text)[1]
        async with httpx.AsyncClient() as person:
            page = (await person.get(link)).text
            source = re.search(r'<img class="result" src="([^"]+)"', page)[1]
            shown = await person.get(link.split("/suivi/")[0] + source)
            offered = re.findall(r"/p/\S+/fichier/[\w-]+", (await person.get(url)).text)
            saved = await person.get(url.split("/p/")[0] + offered[-1])
    assert shown.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(shown.content)).size == (64, 48)
    assert Image.open(io.BytesIO(carried)).size == (64, 48)
    assert saved.content[:3] == b"\xff\xd8\xff"
