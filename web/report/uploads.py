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


@dataclasses.dataclass(frozen=True, slots=True)
class _Read:
    """A picture that is safe and not kept yet, and the SHA-256 of what was sent."""

    photo: Photo
    sent: str


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
        before = self.kept_before(form)
        found, problems = await self._read(form, MOST_PHOTOS - len(before.photos))
        photos = [*before.photos, *await self._keep(found, len(before.photos))]
        positions = [before.position, *(one.photo.position for one in found)]
        position = next((one for one in positions if one), None)
        return Uploaded(tuple(photos), (*before.problems, *problems), position)

    async def take_whole(self, form: FormData) -> Uploaded:
        """Read the new files of a form; one that cannot be taken has none of them kept."""
        found, problems = await self._read(form, MOST_PHOTOS)
        if problems:
            return Uploaded(problems=tuple(problems))
        return Uploaded(tuple(await self._keep(found, 0)))

    async def refuse(self, form: FormData) -> Uploaded:
        """Give the pictures kept before, of a form that is refused: nothing new of it is kept."""
        before = self.kept_before(form)
        if not self.brings(form):
            return before
        again = Problem("photo", "error.photo_again")
        return dataclasses.replace(before, problems=(*before.problems, again))

    def brings(self, form: FormData) -> bool:
        """Whether a form brings new files."""
        return bool(self._files(form))

    def kept_before(self, form: FormData) -> Uploaded:
        """Open what a form carries of the pictures that came by it before."""
        photos: list[KeptPhoto] = []
        position = None
        for sealed in form.getlist("kept")[:MOST_PHOTOS]:
            try:
                photo, found = open_photo(self._seals, str(sealed))
            except InvalidInput:
                broken = (Problem("photo", "error.photo_broken"),)
                return Uploaded(tuple(photos), broken, position)
            photos.append(photo)
            position = position or found
        return Uploaded(tuple(photos), (), position)

    def _files(self, form: FormData) -> list[UploadFile]:
        if self._save is None:
            return []
        given = (one for one in form.getlist("photo") if isinstance(one, UploadFile))
        return [one for one in given if one.filename]

    async def _read(self, form: FormData, room: int) -> tuple[list[_Read], list[Problem]]:
        found: list[_Read] = []
        problems = []
        for upload in self._files(form):
            if len(found) >= room:
                problems.append(Problem("photo", "error.photo_many"))
                break
            data = await upload.read(LARGEST_BYTES + 1)
            try:
                photo = await cleaned(data)
            except BadPhoto as bad:
                problems.append(Problem("photo", bad.key))
                continue
            found.append(_Read(photo, hashlib.sha256(data).hexdigest()))
        return found, problems

    async def _keep(self, found: list[_Read], before: int) -> list[KeptPhoto]:
        kept = []
        for count, one in enumerate(found, before + 1):
            # the name that the phone gave says nothing to the service and may say too much of a person
            name, photo = f"photo-{count}.jpg", one.photo
            ref = await self._save(name, photo.data) if self._save else ""
            kept.append(
                KeptPhoto(
                    name, photo.media_type, len(photo.data), ref, self._seals.now_s(), one.sent
                )
            )
        return kept
