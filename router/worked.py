"""What became of one inbound event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.archive import Action
from router.case import Case
from router.decision import Decision
from router.delivery import Delivery
from router.message import Message
from router.rule_ports import Understanding
from router.work import Inbound


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one event, for those who watch: the demo, `guichet try`, the metrics."""

    action: Action
    reason: str
    case: Case | None = None
    message: Message | None = None
    understood: Understanding | None = None
    decision: Decision | None = None
    reply: Delivery | None = None


Observer = Callable[[Inbound, Worked], None]
