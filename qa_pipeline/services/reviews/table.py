"""A table of reviews as people have it, read into what each row states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import (
    Place,
    Row,
    Table,
    find_day_first,
    is_missing,
    parse_moment,
    parse_number,
    parse_ratio,
)
from qa_pipeline.report.cells import looks_like_formula
from qa_pipeline.services.kpi_import.cells import parse_flag
from qa_pipeline.services.reviews.mapping import find_columns
from qa_pipeline.services.reviews.words import (
    find_outcome,
    find_selection,
    known_outcomes,
    known_selections,
    shown_titles,
)

_MAX_NAME_CHARACTERS = 200
_MAX_COMMENT_CHARACTERS = 4000
_POINTS = (0.0, 100.0)
_ATTITUDE = (1.0, 5.0)
_JUDGED = ("outcome", "points", "attitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What one row states; None is not stated. ``criterion`` and ``scorecard`` are as written."""

    contact_id: str
    reviewer: str
    criterion: str | None
    outcome: Outcome | None
    comment: str
    points: float | None
    attitude: float | None
    scorecard: str | None
    selection: Selection | None
    inclusion_probability: float | None
    blind: bool | None
    reviewed_at: datetime | None
    sample_id: str | None
    places: Mapping[str, Place]

    def place(self, field: str) -> Place:
        """Return where a field stands, or the contact where the table has no such column."""
        return self.places.get(field, self.places["contact"])

    @property
    def says_something(self) -> bool:
        """Whether the reviewer has judged anything in this row."""
        return self.outcome is not None or self.points is not None or self.attitude is not None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be read, with whose review it belongs to as far as that is known."""

    error: RowError
    contact_id: str | None
    reviewer: str | None


class ReviewTable:
    """A table with its columns known.

    Raises
    ------
    TableError
        It has no column of contacts, none of reviewers, or nothing that is judged.
    MappingError
        The mapping file is wrong, or two columns mean the same.
    """

    def __init__(self, table: Table, zone: ZoneInfo, now: datetime, mapping: Path | None = None) -> None:
        self._table = table
        self._zone = zone
        self._now = now
        self._fields = find_columns(table.headers, str(table.path), mapping)
        _check_complete(table, self._fields)
        dates = self._fields.get("reviewed_at")
        self._day_first = find_day_first(
            row.values[dates] for row in table.rows if dates is not None and isinstance(row, Row)
        )

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Headers that mean nothing here, but for those of callqa's own sheets."""
        known = {*self._fields.values(), *shown_titles()}
        return [header for header in self._table.headers if header not in known]

    def read(self) -> Iterator[Stated | Refused]:
        """Yield what each row states, in order."""
        for row in self._table.rows:
            if isinstance(row, RowError):
                yield Refused(row, None, None)
                continue
            try:
                yield self._stated(row)
            except RowError as error:
                yield Refused(error, self._text(row, "contact"), self._text(row, "reviewer"))

    def _stated(self, row: Row) -> Stated:
        criterion = self._text(row, "criterion")
        comment = self._text(row, "comment") or ""
        stated = Stated(
            contact_id=self._name(row, "contact"),
            reviewer=self._reviewer(row),
            criterion=criterion,
            outcome=self._outcome(row),
            comment=comment,
            points=self._number(row, "points", _POINTS),
            attitude=self._number(row, "attitude", _ATTITUDE),
            scorecard=self._text(row, "scorecard"),
            selection=self._selection(row),
            inclusion_probability=self._probability(row),
            blind=self._blind(row),
            reviewed_at=self._moment(row),
            sample_id=self._text(row, "sample"),
            places={name: self._table.place(row, header) for name, header in self._fields.items()},
        )
        self._check_together(stated)
        return stated

    def _check_together(self, stated: Stated) -> None:
        if stated.outcome is not None and stated.criterion is None:
            raise stated.place("criterion").error(
                N_("The criterion is missing."), hint=N_("Name the criterion that was judged, by its id or its name.")
            )
        if len(stated.comment) > _MAX_COMMENT_CHARACTERS:
            raise stated.place("comment").error(
                N_("The comment has more than {most} characters."),
                hint=N_("Check that the columns are in their places."),
                most=_MAX_COMMENT_CHARACTERS,
            )
        if stated.criterion is not None and stated.outcome is None and stated.comment:
            raise stated.place("outcome").error(
                N_("There is a comment but no outcome."),
                hint=N_("Write the outcome too; undetermined if it cannot be told."),
            )

    def _text(self, row: Row, field: str) -> str | None:
        header = self._fields.get(field)
        if header is None:
            return None
        text = row.values[header]
        # The apostrophe with which sheets of callqa keep text from becoming a formula.
        text = text[1:] if text.startswith("'") and looks_like_formula(text[1:]) else text
        return None if is_missing(text) else text

    def _name(self, row: Row, field: str) -> str:
        text = self._text(row, field)
        place = self._table.place(row, self._fields[field])
        if text is None:
            raise place.error(N_("The cell is empty."), hint=N_("Fill it in, or remove the row."))
        if len(text) > _MAX_NAME_CHARACTERS:
            raise place.error(
                N_("The text has more than {most} characters."),
                hint=N_("Check that the columns are in their places."),
                most=_MAX_NAME_CHARACTERS,
            )
        return text

    def _reviewer(self, row: Row) -> str:
        """Return the reviewer; a row of a sheet that nobody has filled in yet has none and needs none."""
        judged = any(row.values[self._fields[name]].strip() for name in _JUDGED if name in self._fields)
        return self._name(row, "reviewer") if judged else self._text(row, "reviewer") or ""

    def _outcome(self, row: Row) -> Outcome | None:
        header = self._fields.get("outcome")
        # Not is_missing: "N/A" is an answer here.
        if header is None or not row.values[header].strip():
            return None
        text = row.values[header]
        found = find_outcome(text)
        if found is None:
            raise self._table.place(row, header).error(
                N_("{text} is no outcome."),
                hint=N_("Write one of: {known}."),
                text=text,
                known=known_outcomes(),
            )
        return found

    def _number(self, row: Row, field: str, span: tuple[float, float]) -> float | None:
        text = self._text(row, field)
        if text is None:
            return None
        place = self._table.place(row, self._fields[field])
        value = parse_number(text, place)
        if not span[0] <= value <= span[1]:
            raise place.error(
                N_("{text} is outside of {lowest} to {highest}."),
                hint=N_("Check the number and its scale."),
                text=text,
                lowest=f"{span[0]:g}",
                highest=f"{span[1]:g}",
            )
        return value

    def _selection(self, row: Row) -> Selection | None:
        text = self._text(row, "selection")
        if text is None:
            return None
        found = find_selection(text)
        if found is None:
            raise self._table.place(row, self._fields["selection"]).error(
                N_("{text} does not say how the contact was chosen."),
                hint=N_("Write one of: {known}."),
                text=text,
                known=known_selections(),
            )
        return found

    def _probability(self, row: Row) -> float | None:
        text = self._text(row, "inclusion_probability")
        if text is None:
            return None
        place = self._table.place(row, self._fields["inclusion_probability"])
        value = parse_ratio(text, place)
        if not 0 < value <= 1:
            raise place.error(
                N_("{text} is no chance above 0 and at most 1."),
                hint=N_("Write how likely this contact was to be drawn, as {example}, or nothing if unknown."),
                text=text,
                example="0.05",
            )
        return value

    def _blind(self, row: Row) -> bool | None:
        text = self._text(row, "blind")
        if text is None:
            return None
        return parse_flag(text, self._table.place(row, self._fields["blind"]))

    def _moment(self, row: Row) -> datetime | None:
        text = self._text(row, "reviewed_at")
        if text is None:
            return None
        place = self._table.place(row, self._fields["reviewed_at"])
        found = parse_moment(text, place, self._zone, day_first=self._day_first, now=self._now)
        if found > self._now + timedelta(days=1):
            raise place.error(N_("{text} lies in the future."), hint=N_("Check the date."), text=text)
        return found


def _check_complete(table: Table, fields: Mapping[str, str]) -> None:
    for field in ("contact", "reviewer"):
        if field not in fields:
            raise TableError(
                N_("The table has no column {column}."),
                hint=N_("Name the columns as docs/reviews.md shows; found: {known}."),
                file=str(table.path),
                column=field,
                known=", ".join(table.headers),
            )
    if not ({"criterion", "outcome"} <= set(fields) or {"points", "attitude"} & set(fields)):
        raise TableError(
            N_("The table judges nothing: it needs the columns criterion and outcome, or points or attitude."),
            hint=N_("Name the columns as docs/reviews.md shows; found: {known}."),
            file=str(table.path),
            known=", ".join(table.headers),
        )
