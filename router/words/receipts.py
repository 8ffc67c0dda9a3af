"""What a receipt owes by law to whoever asks for a decision, beside our own words."""

from __future__ import annotations

from router.case import Case, Status
from router.decision import Nature
from router.rights import Promised, Rights, Silence
from router.rule_ports import Rulebook
from router.words.texts import TextId

OWED = {
    Silence.REFUSED: TextId.RIGHTS_REFUSED,
    Silence.ACCEPTED: TextId.RIGHTS_ACCEPTED,
    Silence.DEPENDS: TextId.RIGHTS_DEPENDS,
}
_WAITING = {
    Status.RECEIVED,
    Status.ASSIGNED,
    Status.ACCEPTED,
    Status.IN_PROGRESS,
    Status.WAITING_CITIZEN,
    Status.WAITING_PARTNER,
    Status.REOPENED,
}
"""States in which nothing has been decided; a body outside to which it went owes its own receipt (L114-2)."""
_ASKS = {Nature.PROCEDURE, Nature.APPEAL}
_MAY_ASK = {*_ASKS, Nature.REPORT}
"""Whatever shows no other nature counts as a report, so that one does not exclude a request."""


def rights_of(rulebook: Rulebook, case: Case) -> Rights | None:
    """Say what the person may count on; None where nothing is asked that silence would decide.

    What was promised for its category holds, whatever the rules have become since.
    """
    if case.category is None or case.status not in _WAITING or case.nature not in _MAY_ASK:
        return None
    if case.promised is not None and case.promised.category == case.category:
        return case.promised.rights
    rights = rulebook.rights(case.category, case.received_at)
    if rights is not None and rights.silence is Silence.DEPENDS and case.nature not in _ASKS:
        return None
    return rights


def promised_of(rulebook: Rulebook, case: Case) -> Promised | None:
    """Give what a case has to keep of :func:`rights_of`, so that it is shown as it was told."""
    rights = rights_of(rulebook, case)
    if rights is None or case.category is None:
        return case.promised
    return Promised(case.category, rights)


def fields_of(rights: Rights) -> dict[str, str]:
    """Write rights as the fields of a text."""
    return {
        "recu": f"{rights.received:%d/%m/%Y}",
        "echeance": f"{rights.on:%d/%m/%Y}" if rights.on else "",
        "tribunal": rights.court,
    }
