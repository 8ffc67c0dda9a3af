"""Reads a message as a person would: its language, its place, what it is for, and who says he wrote."""

from __future__ import annotations

from collections.abc import Sequence

from router.decision import Place
from router.directory import Counter
from router.geography import Geography
from router.message import Message
from router.rule_ports import Understanding
from understanding.language import LANGUAGES, LanguageDetector
from understanding.nature import follow_up, nature_of
from understanding.place import PlaceReader
from understanding.senders import sender_kinds_of
from understanding.words import words_of

_READ = 2_000  # characters: what comes later never changes what a message is for
_SHORT = 40


class Reader:
    """Answers from memory alone; one for each geography, shared by all."""

    def __init__(
        self,
        geography: Geography,
        languages: Sequence[str] = LANGUAGES,
        default_language: str = "fr",
    ) -> None:
        self._places = PlaceReader(geography)
        self._languages = LanguageDetector(languages)
        self._default = default_language

    def prepare(self) -> None:
        self._languages.prepare()

    def understand(self, message: Message, counter: Counter | None) -> Understanding:
        """Read language, place and nature from what the sender wrote now, never from a quote."""
        shown = message.text_shown
        # What an app or a page is set to is a hint; people also write in other languages.
        prior = message.language or (counter.language if counter else None) or self._default
        subject = "" if _is_reply(message.subject) else message.subject
        whole = words_of(f"{subject}\n{shown}"[:_READ] if subject else shown[:_READ])
        place, several = self._places.read_all(message, counter)
        return Understanding(
            language=self._languages.detect(
                f"{shown}\n{subject}" if len(shown) < _SHORT else shown, prior
            ),
            place=place,
            nature=nature_of(whole),
            follow_up=follow_up(words_of(shown[:_READ])),
            sender_kinds=message.given.sender_kinds or sender_kinds_of(whole),
            several_places=several,
        )

    def place(self, message: Message, counter: Counter | None) -> Place:
        """Read the place alone: of a part of a message nobody asks the language."""
        return self._places.read(message, counter)


def _is_reply(subject: str) -> bool:
    """Whether a subject is that of an earlier message, which says nothing new."""
    return subject[:5].lower().lstrip().startswith(("re:", "re :", "rép:", "aw:", "tr:", "fw"))
