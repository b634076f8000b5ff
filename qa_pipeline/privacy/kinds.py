"""What personal data is: its kinds, and spans of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What kind of personal data a span is."""

    PHONE = "phone"
    ID_CARD = "id_card"  # any document that says who somebody is
    BANK_CARD = "bank_card"
    ACCOUNT = "account"
    SECRET = "secret"  # noqa: S105 -- the name of the kind
    EMAIL = "email"
    LINK = "link"
    PLATE = "plate"
    ORDER = "order"
    NUMBER = "number"
    ADDRESS = "address"
    BIRTH_DATE = "birth_date"
    AGE = "age"
    STAFF_ID = "staff_id"
    NAME = "name"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open span ``start:end`` of personal data."""

    start: int
    end: int
    kind: Kind
