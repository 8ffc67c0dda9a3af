"""Show an agent what he entered, what to read aloud, and what waits for him."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.city_time import CITY
from app.console import print_json, say
from app.desk.work import Entered
from app.running.wiring import Product
from router.case import Case
from router.entry import WAYS_FR, Source, Way
from router.tracking import printed
from router.words.called import channel_called
from web.desk.tasks import Task
from web.parts import Trouble


def show_entered(
    product: Product,
    entered: Entered,
    said: Mapping[str, Any],
    short: Mapping[int, str],
    *,
    read: bool,
    as_json: bool,
) -> None:
    """Print the number to say, who is in charge, and what to read to the person.

    ``short`` are the digits by which open tasks are known.
    """
    if as_json:
        print_json(_entered(product, entered, said, read=read))
        return
    if entered.line is None:
        say("Enregistrée ; son numéro viendra dès que `guichet serve` tournera (même --id).")
        return
    if not entered.new:
        say("Cette saisie avait déjà été faite.")
    case, reply = entered.case, said["reply"]
    if case is None:
        say(f"Enregistrée – {entered.line.reason}.")
        return
    say(f"Numéro    {_number(case)}")
    say(f"Confiée à : {_service(product, case)}")
    say(f"Réponse   {WAYS_FR[reply['by']]} {reply.get('to', '')}".rstrip())
    if entered.receipt is None:
        return
    say("\nÀ lire à la personne :" if _present(said) else "\nÀ lui faire savoir :")
    for line in entered.receipt.text.splitlines():
        say(f"  {line}")
    if entered.task is not None:
        say("")
        for line in (
            ("Noté : lu au citoyen.",)
            if read
            else _then(short.get(entered.task, f"{entered.task}"), reply["by"])
        ):
            say(line)


def _then(task: str, way: str) -> tuple[str, ...]:
    """Say which commands end a task: a letter is printed before it is posted."""
    if way != Way.LETTER:
        return (f"Puis : guichet desk done {task} …",)
    return (
        f"Puis : guichet desk letter {task} --vers lettre.html",
        f"Une fois postée : guichet desk done {task} --poste",
    )


def _entered(
    product: Product, entered: Entered, said: Mapping[str, Any], *, read: bool
) -> dict[str, Any]:
    case, receipt, line = entered.case, entered.receipt, entered.line
    return {
        "id": said["id"],
        "new": entered.new,
        "number": _number(case) if case else None,
        "status": str(case.status) if case else None,
        "service": case.owner if case else None,
        "action": str(line.action) if line else None,
        "reply": dict(said["reply"]),
        "read_aloud": receipt.text if receipt and _present(said) else "",
        "task": str(entered.task) if entered.task is not None else None,
        "read": read and entered.task is not None,
    }


def _present(said: Mapping[str, Any]) -> bool:
    return Source(said["source"]).present


def _number(case: Case) -> str:
    return printed(case.public_number or case.number)


def _service(product: Product, case: Case) -> str:
    found = product.rulebooks.current().directory.service(case.owner)
    return found.name("fr") if found else case.owner


def task_json(task: Task) -> dict[str, Any]:
    """Write a task for programs."""
    return {**asdict(task), "id": str(task.id), "since": task.since.isoformat()}


def show_troubles(troubles: Sequence[Trouble]) -> None:
    """Print a line for each channel by which people are not heard or answered as usual."""
    for one in troubles:
        since = CITY.shown(one.since)
        say(
            f"{channel_called(one.channel)} {one.account}, depuis le {since} : {one.sentence}",
            style="red",
        )


def show_tasks(tasks: Sequence[Task], short: Mapping[int, str]) -> None:
    """Print the tasks under their short numbers, all of one person under one heading."""
    if not tasks:
        say("Rien n'attend au guichet.")
        return
    person = ""
    for task in tasks:
        key = f"{task.desk} {task.way} {task.to}"
        if key != person:
            where = ", ".join(task.to.splitlines())
            say(
                f"\n{WAYS_FR[task.way].capitalize()} – {task.name + ', ' if task.name else ''}{where}"
            )
            person = key
        since = f"depuis le {CITY.shown(task.since)}" + (", EN RETARD" if task.late else "")
        what = f"appel manqué le {_moment(task.missed_at)}" if task.missed_at else task.number
        say(f"  {short[task.id]}  {what}  {since}" + (f"  ({task.tried})" if task.tried else ""))
        for line in task.text.splitlines():
            say(f"      {line}")


def _moment(told: str) -> str:
    """Show a moment that a program wrote; anything else as it stands."""
    try:
        return CITY.shown(datetime.fromisoformat(told))
    except ValueError:
        return told
