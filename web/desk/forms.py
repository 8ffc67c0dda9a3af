"""What programs of the desk send and are told, as the OpenAPI description shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, model_validator

from router.entry import Outcome, Source
from web.desk.tasks import Task

LONGEST_TEXT = 20_000
MOST_PHOTOS = 3


class Reply(BaseModel):
    """Where the person is answered, as the agent chose it with him."""

    model_config = ConfigDict(extra="forbid")

    by: Literal["callback", "letter", "email", "sms", "page"] = Field(
        default="page",
        description=(
            "callback: an agent rings. letter: one is printed and posted. email, sms: they leave "
            "by themselves. page: the person asks by his number."
        ),
    )
    to: str = Field(
        default="", max_length=300, description="A number, a postal or an e-mail address."
    )


class Photo(BaseModel):
    """A picture that the person shows, or of his letter, in base64; its metadata is removed."""

    model_config = ConfigDict(extra="forbid")

    content: Base64Bytes


class NewCase(BaseModel):
    """What a person said, sent on paper, or could not say because nobody answered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "source": "call",
                "text": "Le lampadaire devant chez moi est éteint.",
                "street": "12 rue de la Poterie",
                "commune": "Rezé",
                "name": "Mme Martin",
                "reply": {"by": "callback", "to": "02 40 00 00 00"},
            }
        },
    )

    source: Source = Field(
        description="relay: a deaf or aphasic person rang through the telephone relay."
    )
    text: str = Field(
        "", max_length=LONGEST_TEXT, description="In his words; empty only for a missed call."
    )
    name: str = Field("", max_length=200)
    street: str = Field("", max_length=300, description="Where it is, as he says it.")
    commune: str = Field("", max_length=100, description="Name or INSEE code.")
    category: str = Field("", max_length=80, description="Its code, if it is sure.")
    language: str = Field("", pattern=r"^([a-z]{2,3})?$", description="The person's.")
    behalf_of: str = Field(
        "", max_length=200, description="Whom it concerns, where he reports for somebody else."
    )
    case: str = Field("", max_length=20, description="The number of the case that it belongs to.")
    received_at: AwareDatetime | None = Field(
        None, description="When the letter came or the telephone rang."
    )
    reply: Reply = Field(default_factory=Reply)
    photos: list[Photo] = Field(default_factory=list, max_length=MOST_PHOTOS)
    desk: str = Field("", description="Which desk, where the key opens several.")

    @model_validator(mode="after")
    def _says_something(self) -> NewCase:
        said = self.text.strip() or self.photos
        if not said and self.source is not Source.MISSED_CALL:
            raise ValueError("text is missing: what the person said")
        return self


class TaskResult(BaseModel):
    """What became of a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"outcome": "read"}})

    outcome: Outcome = Field(
        description=(
            "read: the person has heard it. posted: the letter is on its way. unreachable: it stays "
            "in the list. instead: the same words leave by reply, and later answers too. seen: an "
            "agent has looked at it, which is how a task of the way look ends, and no other."
        )
    )
    reply: Reply | None = None

    @model_validator(mode="after")
    def _says_where(self) -> TaskResult:
        if (self.outcome is Outcome.INSTEAD) != (self.reply is not None):
            raise ValueError("reply goes with the outcome instead, and with no other")
        return self


class Kept(BaseModel):
    """The entry is on disk. ``number`` is null for a missed call, and while the case waits."""

    status: Literal["kept"] = "kept"
    number: str | None = Field(
        default=None, description="The tracking number, to be said to the person."
    )
    case_status: str | None = None
    service: str | None = Field(default=None, description="Who is in charge, as people know it.")
    read_aloud: str = Field(
        default="", description="The receipt, where the person hears the agent now."
    )
    task: str | None = Field(
        default=None, description="The task that is done once it is read or posted."
    )


class Done(BaseModel):
    """What became of the task is on disk."""

    status: Literal["kept"] = "kept"
    task: str


class TaskShown(BaseModel):
    """Something that an agent has to do for an answer to arrive."""

    id: str
    desk: str
    way: Literal["callback", "relay", "letter", "look"] = Field(
        description="look: an agent listens, verifies or reads again, and nothing leaves."
    )
    to: str = Field(
        description="A telephone number, a postal address line under line, or the number to look at."
    )
    name: str
    kind: str
    number: str = Field(description="The tracking number; empty for a missed call.")
    text: str = Field(description="To be read aloud, or in the letter.")
    language: str
    since: datetime
    late: bool
    tried: str = Field(description="What came of the last try, in French; empty before one.")
    missed_at: str


class TroubleShown(BaseModel):
    """A channel by which people are not heard or answered as usual."""

    channel: str
    account: str
    since: datetime
    sentence: str = Field(description="What is wrong, in French.")


class Tasks(BaseModel):
    """All that waits, what one person waits for together, the longest waiting first."""

    tasks: list[TaskShown]
    troubles: list[TroubleShown] = Field(
        default=[], description="Channels that are degraded or silent, the longest so first."
    )


class Refused(BaseModel):
    """Why nothing was kept, in one sentence."""

    error: str


def shown(task: Task) -> TaskShown:
    """Write a task for programs; its id is text, since JavaScript rounds such numbers."""
    return TaskShown.model_validate(
        {name: getattr(task, name) for name in TaskShown.model_fields} | {"id": str(task.id)}
    )
