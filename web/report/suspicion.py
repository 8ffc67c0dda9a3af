"""Notice in a report what people do not do; a person looks at it, and nothing is ever dropped."""

from __future__ import annotations

from collections import OrderedDict

from router.ports import Clock
from web.parts import WebSettings
from web.report.form import Report
from web.report.proof import Proof
from web.seals import Seals
from web.throttle import Throttle

TRAPPED = "un champ que l'on ne voit pas est rempli"
QUICK = "rempli plus vite qu'une personne n'écrit"
MANY = "beaucoup d'envois de la même connexion"
SPREAD = "beaucoup d'adresses depuis la même connexion : réponse sur la page de suivi"
REUSED = "le même formulaire a servi plusieurs fois"
UNPROVED = "envoyé sans la preuve de calcul"
_AGAIN = 5
"""Different reports that one page may send: people go back in the browser and report the next."""
_MOST_FORMS = 20_000
_REFILL_S = 60.0


class Suspicion:
    """Counts, in memory and bounded, by a keyed hash of the address and never by the address."""

    def __init__(self, settings: WebSettings, clock: Clock, seals: Seals, proof: Proof) -> None:
        self._settings, self._seals, self._proof = settings, seals, proof
        key = settings.form_secret
        self._soft = Throttle(clock, settings.reports_at_once, key, _REFILL_S)
        self._hard = Throttle(clock, settings.reports_most, key, _REFILL_S / 10)
        self._letters = Throttle(clock, settings.letters_at_once, key, _REFILL_S * 10)
        self._forms: OrderedDict[str, set[str]] = OrderedDict()

    def wait_s(self, client: str) -> int:
        """Tell how long a client must wait that sends without end; 0 when it need not."""
        return self._hard.wait_s(client)

    def tried(self, client: str) -> None:
        """Count what a client posts, whatever becomes of it."""
        self._hard.spend(client)

    def of(self, client: str, report: Report) -> tuple[str, ...]:
        """List what is odd about a report that is about to be sent, in words for an agent."""
        odd = {
            TRAPPED: bool(report.website),
            QUICK: self._seals.age_s(report.id) < self._settings.quick_s,
            MANY: self._soft.wait_s(client) > 0,
            SPREAD: self._spreads(client, report),
            REUSED: self._uses(report) > _AGAIN,
            UNPROVED: self._proof.asked and not self._proof.holds(report.id, report.proof),
        }
        self._soft.spend(client)
        return tuple(words for words, found in odd.items() if found)

    def _spreads(self, client: str, report: Report) -> bool:
        """Whether a client has had more addresses written to than people of one house type."""
        if report.reply == "page":
            return False
        spread = self._letters.wait_s(client) > 0
        if not spread:
            self._letters.spend(client)
        return spread

    def _uses(self, report: Report) -> int:
        """Count the different reports that came by one form."""
        sent = self._forms.setdefault(report.id, set())
        if len(sent) <= _AGAIN:
            sent.add(report.submission)
        self._forms.move_to_end(report.id)
        if len(self._forms) > _MOST_FORMS:
            self._forms.popitem(last=False)
        return len(sent)
