"""Write an answer as a letter to print: A4, the address where an envelope has its window."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from router.directory import Service
from router.handling.desk import CHANNEL
from router.rule_ports import Rulebook
from router.words.telephone import spoken
from web import calendar, wording
from web.desk.tasks import Task
from web.information import DESK_FAMILY

_LANGUAGES = ("fr", "en")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def letter_page(
    task: Task, rulebook: Rulebook, now: datetime, timezone: str = "Europe/Paris"
) -> str:
    """Write the page: one HTML file that needs no other; everything in it is escaped."""
    language = task.language if task.language in _LANGUAGES else "fr"
    words, zone = wording.load(_LANGUAGES, "fr"), ZoneInfo(timezone)
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["phone"] = spoken
    return environment.get_template("letter.html").render(
        say=lambda key, **values: words.say(language, key, **values),
        lang=language,
        written_in=task.language,
        task=task,
        lines=_lines(task),
        sender=_sender(task, rulebook),
        day=calendar.day(now, language, zone),
    )


def style_policy(page: str) -> str:
    """Give the content security policy that lets a browser use this page's own style, and no more."""
    style = _STYLE.search(page)
    digest = hashlib.sha256((style[1] if style else "").encode()).digest()
    return f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'"


def _lines(task: Task) -> list[str]:
    """Write the address as it stands in the window, the name first."""
    lines = task.to.splitlines()
    if task.name and task.name.casefold() != lines[0].casefold():
        lines.insert(0, task.name)
    return lines


def _sender(task: Task, rulebook: Rulebook) -> Service:
    """Choose whose letter it is: the front desk of the counter's commune, else the whole's."""
    directory = rulebook.directory
    counter = directory.counter(CHANNEL, task.desk)
    if counter is not None and counter.commune:
        for one in directory.services():
            if one.family == DESK_FAMILY and one.insee == counter.commune:
                return one
    return directory.desk
