"""Query parameters of contact lists, shared by the JSON list and the page."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from qa_pipeline.access import Reach
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.scoring.full_text import QUERY_CHARACTERS_MAX
from qa_pipeline.services.contact_list import ContactFilter, Part, Sort

_Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]  # PostgreSQL takes no NUL in a text
ContactId = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$")]


class Asked(BaseModel):
    """What an address asks for, beside the language of the answer, which every route takes.

    An empty filter, as forms send it, asks for nothing.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, said: Any) -> Any:
        return {name: value for name, value in said.items() if value != ""} if isinstance(said, dict) else said


class Paging(Asked):
    """Which part of a list."""

    offset: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class ContactQuery(Paging):
    """Filters of a list."""

    period: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] | None = None
    agent_id: _Name | None = None
    team: _Name | None = None
    kind: ContactKind | None = None
    language: Annotated[str, Field(max_length=20, pattern=r"^[\w-]*$")] | None = None
    red_line: bool | None = None
    passed: bool | None = None
    scored: bool | None = None
    text: _Name | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    flag: Flag | None = None
    reviewed: bool | None = None
    points_min: Annotated[float, Field(ge=0, le=100)] | None = None
    points_max: Annotated[float, Field(ge=0, le=100)] | None = None
    sort: Sort = Sort.NEWEST
    after: Annotated[str, Field(max_length=2000, description="`next` of the page before")] | None = None

    def part(self) -> Part:
        """Return which part of the list is asked for."""
        return Part(sort=self.sort, after=self.after, offset=self.offset, limit=self.limit)

    def as_filter(self, reach: Reach) -> ContactFilter:
        """Return the filter of the service, without what was said, for somebody who may see so much."""
        return ContactFilter(**self.model_dump(include={each.name for each in fields(ContactFilter)}), reach=reach)


class SaidQuery(ContactQuery):
    """Filters of a list that may ask for what was said."""

    q: Annotated[str, Field(max_length=QUERY_CHARACTERS_MAX)] | None = Field(None, description="What was said")
    role: Literal["customer", "agent"] | None = Field(None, description="By whom; else by anybody")

    @field_validator("q", "role", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @property
    def speaker(self) -> Role | None:
        """Whose words are looked for."""
        return Role(self.role) if self.role else None


class SearchQuery(SaidQuery):
    """Filters of a search."""

    q: Annotated[str, Field(max_length=QUERY_CHARACTERS_MAX, description="What was said")]
