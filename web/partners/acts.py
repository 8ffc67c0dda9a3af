"""What a partner's system says of a case, and what it is sent, as the OpenAPI description shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator

LONGEST_TEXT = 5000
MOST_PHOTOS = 3
_NEEDS = {"refuse": "reason", "close": "text", "progress": "text", "note": "text"}
"""The field without which an act says nothing; to have accepted says enough."""


class Photo(BaseModel):
    """A picture of the work done, in base64; its metadata is removed."""

    model_config = ConfigDict(extra="forbid")

    content: Base64Bytes


class Act(BaseModel):
    """One act of the service on one case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"case": "p.7k4mq2xd9tc.…", "act": "close", "text": "L'abri est réparé."}
        },
    )

    case: str = Field(
        min_length=20, max_length=100, description="As the message that brought the case gave it."
    )
    act: Literal["accept", "refuse", "progress", "close", "note", "reference"] = Field(
        description=(
            "accept: you work on it. progress: text is told to the people. close: done, text is "
            "their answer. refuse: not yours, reason is for who decides again. note: text is for "
            "those who work on the case. reference: only your own number."
        )
    )
    text: str = Field("", max_length=LONGEST_TEXT)
    reason: str = Field("", max_length=LONGEST_TEXT)
    reference: str = Field("", max_length=100, description="Your own number of the case.")
    instead: str = Field(
        "",
        max_length=200,
        description="With refuse: who is in charge, by the name or id of the service here.",
    )
    photos: list[Photo] = Field(default_factory=list, max_length=MOST_PHOTOS)

    @model_validator(mode="after")
    def _says_something(self) -> Act:
        needed = _NEEDS.get(self.act) if self.act != "reference" else "reference"
        if needed and not str(getattr(self, needed)).strip():
            raise ValueError(f"the act {self.act} needs « {needed} »")
        return self


class Taken(BaseModel):
    """The act is on disk; ``case_status`` is how the case stands now."""

    status: Literal["taken"] = "taken"
    case: str = Field(description="The tracking number, as people know it.")
    case_status: str


class Refused(BaseModel):
    """Why nothing was taken, in one sentence."""

    error: str


class Reply(BaseModel):
    """Where acts on this case are posted, and by which name."""

    url: str
    case: str


class CaseMessage(BaseModel):
    """What is posted to the partner. ``case`` holds what the service may see, and no more."""

    id: str = Field(description="The Idempotency-Key: the same message may come again.")
    type: str = Field(
        description=(
            "case.forward: yours to work. case.addition: more words on it, in `added`; `added_by` is "
            "other where they are not known to be the reporter's. "
            "case.notice, case.opinion, case.alert: for information, asked for advice, overdue. "
            "ping: a test; answer 2xx and do nothing."
        )
    )
    created_at: str
    case: dict[str, Any]
    reply: Reply
