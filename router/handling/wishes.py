"""What a person does beside writing: STOP, START, AIDE, a block, a message taken back or sealed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import EventKind, Visibility
from router.delivery import Delivery
from router.directory import Directory
from router.events import Blocked, Encrypted, HelpAsked, MessageTakenBack, OptedOutOf
from router.message import Address, Message
from router.telling.replies import Replies
from router.words.texts import TextId
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Wishes:
    """Works into a workspace what is no message about a case; one for each batch."""

    workspace: Workspace
    directory: Directory
    replies: Replies

    def opted(self, draft: Draft, inbound: Inbound, event: OptedOutOf) -> Worked:
        """Keep the person's will, and confirm it once where the provider has not."""
        message = _word(inbound, event.address, event.text)
        if event.about and not self._was_sent(event):
            return Worked(
                Action.IGNORE, "plainte sur un message qui n'est pas parti là", None, message
            )
        if event.back_in:
            self._will(draft, message, opted_out=False)
            reply = self._confirm(draft, inbound, message, event)
            why = "la personne veut de nouveau des messages"
            return Worked(Action.IGNORE, why, None, message, reply=reply)
        # written before the will is kept: to somebody who has opted out nothing is written
        reply = self._confirm(draft, inbound, message, event)
        self._will(draft, message, opted_out=True)
        why = "la personne ne veut plus de messages ici"
        return Worked(Action.OPT_OUT, why, None, message, reply=reply)

    def help(self, draft: Draft, inbound: Inbound, event: HelpAsked) -> Worked:
        """Say how this works; a word that also asks for messages again takes an opt-out back."""
        message = _word(inbound, event.address, event.text)
        if event.back_in:
            self._will(draft, message, opted_out=False)
        language = self._language(inbound, message)
        reply = self.replies.help(draft, message, TextId.HELP, language)
        return Worked(Action.IGNORE, "demande d'aide", None, message, reply=reply)

    def blocked(self, draft: Draft, event: Blocked) -> Worked:
        """Note that nothing can be sent there until the person writes again."""
        conversation = self.workspace.conversation(event.address.key)
        self.workspace.converse(draft, replace(conversation, blocked=True))
        return Worked(Action.IGNORE, "la personne a bloqué le compte")

    def taken_back(self, draft: Draft, event: MessageTakenBack) -> Worked:
        """Note on the case that the person has deleted one of its messages; nothing is undone."""
        case = self.workspace.case_of_ref(event.ref)
        if case is None:
            return Worked(Action.IGNORE, "message retiré, qui n'est d'aucune demande")
        case = self.workspace.save(draft, case)
        note = "La personne a retiré un de ses messages."
        self.workspace.tell(draft, case, EventKind.NOTE, "citizen", note, Visibility.SERVICE)
        return Worked(Action.APPEND, "message retiré par la personne", case)

    def encrypted(self, draft: Draft, inbound: Inbound, event: Encrypted) -> Worked:
        """Say, once a day, that nothing can be read in this conversation."""
        word = _word(inbound, event.address, "")
        # one cause a day, so that the same answer is not written for each message
        cause = f"encrypted:{event.address.key}:{self.workspace.now:%Y-%m-%d}"
        daily = replace(word, provider_id=cause)
        language = self._language(inbound, word)
        reply = self.replies.help(draft, daily, TextId.ENCRYPTED, language)
        return Worked(Action.IGNORE, "message chiffré, illisible ici", None, word, reply=reply)

    def _was_sent(self, event: OptedOutOf) -> bool:
        """Whether the message that is complained of left for that very address."""
        sent, there = self.workspace.delivery(None, event.about), event.address
        return sent is not None and (sent.address.channel, sent.address.value.lower()) == (
            there.channel,
            there.value.lower(),
        )

    def _will(self, draft: Draft, message: Message, *, opted_out: bool) -> None:
        conversation = self.workspace.conversation(message.address.key)
        self.workspace.converse(draft, replace(conversation, opted_out=opted_out))

    def _confirm(
        self, draft: Draft, inbound: Inbound, message: Message, event: OptedOutOf
    ) -> Delivery | None:
        if event.confirmed:
            return None
        text = TextId.OPTED_IN if event.back_in else TextId.OPTED_OUT
        return self.replies.help(draft, message, text, self._language(inbound, message))

    def _language(self, inbound: Inbound, message: Message) -> str:
        """Choose the language of a word that has none: the conversation's, else the counter's."""
        counter = self.directory.counter(inbound.envelope.channel, inbound.envelope.account)
        conversation = self.workspace.conversation(message.address.key)
        return conversation.language or (counter.language if counter else "") or "fr"


def _word(inbound: Inbound, address: Address, text: str) -> Message:
    """Give the message that a keyword was."""
    envelope = inbound.envelope
    return Message(address, envelope.provider_id, envelope.received_at, text=text, text_shown=text)
