"""Stand in for the templates of an account of Twilio, and for WhatsApp, which approves them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from demo.twilio_shapes import error
from router.words.texts import LANGUAGES, TextId, phrases

APPROVED = "approved"
NOT_ITS_FIELDS = 63028
_FIELD = re.compile(r"\{\{(\d+)\}\}")


class Templates:
    """Texts with fields ``{{1}}`` under their ContentSid, each with what WhatsApp says of it."""

    def __init__(self, account_sid: str) -> None:
        self._account_sid = account_sid
        self._known: dict[str, tuple[str, str]] = {}

    def add(self, text: str, status: str = APPROVED) -> str:
        """Keep a template as in Twilio's console; give its ContentSid."""
        sid = f"HX{len(self._known) + 1:032x}"
        self._known[sid] = (text, status)
        return sid

    def add_invitations(self) -> Mapping[str, str]:
        """Keep our own invitation to write in every language; give the ContentSid of each."""
        texts = {language: phrases(language).long[TextId.INVITE].strip() for language in LANGUAGES}
        for name, number in (("{numero}", "{{1}}"), ("{lien}", "{{2}}")):
            texts = {language: text.replace(name, number) for language, text in texts.items()}
        first = sorted(texts, key=lambda language: language != "fr")  # French serves for others
        return {language: self.add(texts[language]) for language in first}

    def judge(self, sid: str, status: str) -> None:
        """Have WhatsApp say something else of a template."""
        self._known[sid] = (self._known[sid][0], status)

    def approval(self, sid: str) -> Response:
        """Answer how far the approval of a template is."""
        if sid not in self._known:
            return error(404, 20404, f"The requested resource /Content/{sid} was not found")
        status = self._known[sid][1]
        whatsapp = {"status": status, "name": "invite", "category": "UTILITY"}
        shown = {"sid": sid, "account_sid": self._account_sid, "url": "", "whatsapp": whatsapp}
        return JSONResponse(shown)

    def refusal(self, form: Mapping[str, str]) -> Response | None:
        """Refuse at once what names no template, or fills it with what is no JSON object."""
        sid = form.get("ContentSid", "")
        if not sid:
            named = "ContentVariables" in form
            return error(400, 21654, "ContentSid is required") if named else None
        if sid not in self._known:
            return error(400, 21655, "The ContentSid is invalid")
        if not all(_variables(form).values()):
            return error(400, 21656, "The ContentVariables parameter is invalid")
        return None

    def filled(self, form: Mapping[str, str]) -> tuple[str, int | None]:
        """Give the text of a message, and the error with which it ends later if its fields miss."""
        text, given = self._known[form["ContentSid"]][0], _variables(form)
        wrong = set(_FIELD.findall(text)) != set(given)
        shown = _FIELD.sub(lambda found: given.get(found[1], ""), text)
        return shown, NOT_ITS_FIELDS if wrong else None

    def is_approved(self, form: Mapping[str, str]) -> bool:
        """Whether a message may leave although the person has not written lately."""
        return self._known.get(form.get("ContentSid", ""), ("", ""))[1] == APPROVED


def _variables(form: Mapping[str, str]) -> dict[str, str]:
    try:
        given = json.loads(form.get("ContentVariables", "{}"))
    except ValueError:
        return {"": ""}
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {"": ""}
