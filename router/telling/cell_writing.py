"""Writes what an installation says to another of a case that one of the two handed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from router.case import Case, CaseFile, Reporter, ReporterRole, Status
from router.cells import CHANNEL, Cells, Gone, Offer, Person, Share, Speaks, Word
from router.delivery import Delivery, DeliveryKind, idempotency_key
from router.directory import Service
from router.message import Address
from router.telling.privacy import knows_people
from router.tokens import REPLY, Signer
from router.tracking import TrackingNumber
from router.workspace import Draft, Workspace

_KINDS = {
    Word.WITHDRAW: DeliveryKind.NOTICE,
    Word.RECALL: DeliveryKind.NOTICE,
    Word.ACCEPT: DeliveryKind.ACKNOWLEDGEMENT,
    Word.DECLINE: DeliveryKind.ANSWER,
    Word.STATUS: DeliveryKind.PROGRESS,
    Word.QUESTION: DeliveryKind.QUESTION,
    Word.RETURN: DeliveryKind.ANSWER,
}
_ALWAYS_TOLD = {Status.ANSWERED, Status.RESOLVED, Status.REFUSED}


@dataclass(frozen=True, slots=True)
class CellWriting:
    """Writes words between installations into a workspace; one for each batch."""

    workspace: Workspace
    signer: Signer
    cells: Cells

    # --- to whom we hand over --------------------------------------------------------------------

    def offered(self, case: Case, service: Service, cell: str) -> Case:
        """Give the case as it is while it is offered: under a new epoch, ours until that is accepted."""
        return replace(case, epoch=case.epoch + 1, gone=Gone(cell, service.id))

    def with_transfer(self, sheet: str, case: Case, service: Service, cell: str, added: str) -> str:
        """Add to the sheet of a case what the other installation needs to take it for its own."""
        word = Word.ADDITION if added else Word.OFFER
        said = self._transfer(word, cell, case.number, case.epoch)
        if word is Word.OFFER:
            came = self.workspace.whole(case).came
            said |= {
                "hops": [*(came.hops if came else ()), self.cells.own],
                "public_number": case.public_number,
                "confidential": case.discreet,
                "part": case.parent is not None,
                "people": [asdict(one) for one in self._people(case, service, cell)],
            }
        return json.dumps({**json.loads(sheet), "transfer": said}, ensure_ascii=False)

    def _people(self, case: Case, service: Service, cell: str) -> list[Person]:
        """List whom the other is to answer itself: nobody, unless it is agreed and they may be known."""
        agreement = self.cells.agreements.get(cell)
        speaks = agreement is not None and agreement.speaks is Speaks.OWNER
        if not (speaks and knows_people(service, case)):
            return []
        known = [one for one in case.reporters if one.role is ReporterRole.REPORTER]
        return [_person(one) for one in known if one.answered_at.channel != CHANNEL]

    def take_back(self, draft: Draft, case: Case, cause: str, why: str = "") -> Case:
        """Take back what another installation was offered, or ask for what it has accepted.

        Until it has given back what it accepted it is the owner, and nobody else is offered it.
        """
        gone = case.gone
        if gone is None or gone.recalled:
            return case
        if gone.accepted:
            self.to_taker(draft, case, Word.RECALL, case.epoch, cause, why)
            return replace(case, gone=replace(gone, recalled=True))
        self.to_taker(draft, case, Word.WITHDRAW, case.epoch, cause, why)
        return replace(case, epoch=case.epoch + 1, gone=None)

    def to_taker(
        self, draft: Draft, case: Case, word: Word, epoch: int, cause: str, text: str = ""
    ) -> None:
        """Say a word to the installation that was offered the case, after all that left before."""
        assert case.gone is not None  # noqa: S101 -- the caller has looked
        cell, service = case.gone.cell, case.gone.service
        said = self._transfer(word, cell, case.number, epoch) | {"text": text}
        address = Address(CHANNEL, cell, cell)
        lane = f"forward|{case.id}|{service}"
        self._write(draft, case, word, cause, address, lane, {"transfer": said})

    def withdraw(
        self, draft: Draft, cell: str, number: TrackingNumber, epoch: int, cause: str
    ) -> None:
        """Say to an installation that accepts too late that the epoch it names counts no more."""
        said = self._transfer(Word.WITHDRAW, cell, number, epoch)
        address = Address(CHANNEL, cell, number)
        self._write(draft, None, Word.WITHDRAW, cause, address, address.key, {"transfer": said})

    # --- to whom we have it from -----------------------------------------------------------------

    def accept(self, draft: Draft, case: Case, cause: str) -> Delivery:
        """Say that the case is ours now, under the epoch that was offered."""
        speaks = case.came is not None and case.came.speaks
        return self._back(draft, case, Word.ACCEPT, cause, {"speaks": speaks})

    def decline(self, draft: Draft, offer: Offer, cause: str, reason: str) -> Delivery:
        """Say that an offer is not taken, and why; no case of ours need exist."""
        said = self._transfer(Word.DECLINE, offer.cell, offer.number, offer.epoch)
        address = Address(CHANNEL, offer.cell, offer.number)
        data = {"transfer": said | {"text": reason}}
        return self._write(draft, None, Word.DECLINE, cause, address, address.key, data)

    def status(
        self,
        draft: Draft,
        case: Case,
        whole: Case,
        cause: str,
        text: str = "",
        files: tuple[CaseFile, ...] = (),
        *,
        automatic: bool = False,
        danger: bool = False,
    ) -> Delivery | None:
        """Tell what has become of a case, as far as it is agreed; of a part, its words alone.

        The end is always told. ``automatic``: no person wrote the text; ``danger``: it says whom to call.
        """
        shares = self._shares(whole)
        status = case.status if case.id == whole.id else whole.status
        text = text if Share.ANSWERS in shares else ""
        if not (text or status in _ALWAYS_TOLD or Share.STATUS in shares):
            return None
        data: dict[str, object] = {"status": status, "text": text}
        data |= _marks(automatic=automatic and bool(text), danger=danger and bool(text))
        if case.id != whole.id:  # its version orders what is told of it
            whole = self.workspace.save(draft, whole)
        if Share.PHOTOS in shares and not case.discreet:
            data["files"] = [asdict(file) for file in files]
        return self._back(draft, whole, Word.STATUS, cause, data)

    def question(self, draft: Draft, case: Case, cause: str, text: str) -> Delivery | None:
        """Ask the person what our rules miss, through the installation that he wrote to."""
        if Share.QUESTIONS not in self._shares(case):
            return None
        data = {"text": text, **_marks(automatic=True)}
        return self._back(draft, case, Word.QUESTION, cause, data)

    def give_back(
        self, draft: Draft, case: Case, cause: str, reason: str = "", instead: str = ""
    ) -> Case:
        """Give a case back under a new epoch, with the reason and whom we think to be in charge."""
        came = case.came
        assert came is not None  # noqa: S101 -- the caller has looked
        case = replace(case, epoch=case.epoch + 1)
        more = {"epoch": case.epoch, "text": reason, "instead": instead}
        self._back(draft, case, Word.RETURN, cause, more)
        return replace(case, came=replace(came, ended=True))

    def _shares(self, case: Case) -> frozenset[Share]:
        agreement = self.cells.agreements.get(case.came.cell) if case.came else None
        return agreement.shares if agreement else frozenset(Share)

    def _back(
        self, draft: Draft, case: Case, word: Word, cause: str, more: Mapping[str, object]
    ) -> Delivery:
        """Say a word of a case, numbered by its version, which rises with every change."""
        came = case.came
        assert came is not None  # noqa: S101 -- the callers have looked
        case = self.workspace.save(draft, case)
        said = self._transfer(word, came.cell, case.number, came.epoch)
        said |= {"incarnation": self.cells.incarnation, "sequence": case.version}
        said |= {name: value for name, value in more.items() if name != "files"}
        files, address = more.get("files", []), back_to(case)
        data = {"transfer": said, "files": files}
        return self._write(draft, case, word, cause, address, address.key, data)

    # --- both ------------------------------------------------------------------------------------

    def _transfer(
        self, word: Word, cell: str, number: TrackingNumber, epoch: int
    ) -> dict[str, object]:
        named = {"word": word, "from": self.cells.own, "to": cell}
        return {**named, "number": number, "epoch": epoch}

    def _write(
        self,
        draft: Draft,
        case: Case | None,
        word: Word,
        cause: str,
        address: Address,
        lane: str,
        data: Mapping[str, object],
    ) -> Delivery:
        kind, said = _KINDS[word], data["transfer"]
        delivery = Delivery(
            id=self.workspace.ids.next(),
            idem=idempotency_key(f"{cause}:{_told(said)}", kind, address),
            lane=lane,
            kind=kind,
            address=address,
            text="",
            created_at=self.workspace.now,
            case_id=case.id if case else None,
            reply_token=self.signer.sign(REPLY, case.number, address.key) if case else "",
            data=json.dumps(data, ensure_ascii=False),
        )
        draft.deliveries.append(delivery)
        return delivery


def back_to(case: Case) -> Address:
    """Name where the installation that a case came from hears of it."""
    assert case.came is not None  # noqa: S101 -- the callers have looked
    return Address(CHANNEL, case.came.cell, case.number)


def _marks(**marks: bool) -> dict[str, object]:
    """Name what is so; what is not so goes without saying."""
    return {name: True for name, holds in marks.items() if holds}


def _told(said: object) -> str:
    """Give what tells two words of one cause apart."""
    assert isinstance(said, Mapping)  # noqa: S101 -- as all callers write it
    return "\n".join(str(said.get(name) or "") for name in ("word", "status", "text"))


def _person(reporter: Reporter) -> Person:
    at = reporter.answered_at
    return Person(at.channel, at.value, reporter.name, reporter.language, reporter.public)
