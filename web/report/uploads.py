"""Take the pictures of a form: make each safe in a thread, then keep it."""

from __future__ import annotations

import dataclasses
import hashlib

from starlette.datastructures import FormData, UploadFile

from router.errors import InvalidInput
from web.parts import SavePhoto
from web.photos import LARGEST_BYTES, BadPhoto, Photo, cleaned
from web.report.form import MOST_PHOTOS, KeptPhoto, Problem, open_photo
from web.seals import Seals


@dataclasses.dataclass(frozen=True, slots=True)
class Uploaded:
    """The pictures that are kept, what is wrong with the others, and a position found in one."""

    photos: tuple[KeptPhoto, ...] = ()
    problems: tuple[Problem, ...] = ()
    position: tuple[float, float] | None = None


NOTHING = Uploaded()


class Uploads:
    """Keeps the pictures of a form."""

    def __init__(self, save: SavePhoto | None, seals: Seals) -> None:
        self._save = save
        self._seals = seals

    @property
    def offered(self) -> bool:
        return self._save is not None

    async def take(self, form: FormData) -> Uploaded:
        """Read what a form brings: pictures kept before (``kept``) and new files (``photo``)."""
        photos, position, problems = self._kept(form)
        for upload in form.getlist("photo"):
            if not isinstance(upload, UploadFile) or not upload.filename or self._save is None:
                continue
            if len(photos) >= MOST_PHOTOS:
                problems.append(Problem("photo", "error.photo_many"))
                break
            try:
                data = await upload.read(LARGEST_BYTES + 1)
                photo = await cleaned(data)
            except BadPhoto as bad:
                problems.append(Problem("photo", bad.key))
                continue
            kept = await self._keep(self._save, photo, len(photos) + 1)
            photos.append(dataclasses.replace(kept, sent=hashlib.sha256(data).hexdigest()))
            position = position or photo.position
        return Uploaded(tuple(photos), tuple(problems), position)

    def _kept(
        self, form: FormData
    ) -> tuple[list[KeptPhoto], tuple[float, float] | None, list[Problem]]:
        photos: list[KeptPhoto] = []
        position = None
        for sealed in form.getlist("kept")[:MOST_PHOTOS]:
            try:
                photo, found = open_photo(self._seals, str(sealed))
            except InvalidInput:
                return photos, position, [Problem("photo", "error.photo_broken")]
            photos.append(photo)
            position = position or found
        return photos, position, []

    async def _keep(self, save: SavePhoto, photo: Photo, count: int) -> KeptPhoto:
        # the name that the phone gave says nothing to the service and may say too much of a person
        name = f"photo-{count}.jpg"
        ref = await save(name, photo.data)
        return KeptPhoto(name, photo.media_type, len(photo.data), ref)
