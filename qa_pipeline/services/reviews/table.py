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
    parse_number,
    parse_ratio,
)
from qa_pipeline.services.kpi_import.cells import parse_flag
from qa_pipeline.services.reviews.mapping import find_columns
from qa_pipeline.services.reviews.words import outcome_words, selection_words, shown_titles
from qa_pipeline.services.table_rows import MAX_TEXT_CHARACTERS, TableRows

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
        self._now = now
        fields = find_columns(table.headers, str(table.path), mapping)
        _check_complete(table, fields)
        self._rows = TableRows(table, fields, zone, days=("reviewed_at",))

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Headers that mean nothing here, but for those of callqa's own sheets."""
        return [header for header in self._rows.ignored_columns if header not in shown_titles()]

    def read(self) -> Iterator[Stated | Refused]:
        """Yield what each row states, in order."""
        for row in self._rows:
            if isinstance(row, RowError):
                yield Refused(row, None, None)
                continue
            try:
                yield self._stated(row)
            except RowError as error:
                yield Refused(error, self._rows.written(row, "contact"), self._rows.written(row, "reviewer"))

    def _stated(self, row: Row) -> Stated:
        criterion = self._rows.written(row, "criterion")
        comment = self._rows.written(row, "comment") or ""
        stated = Stated(
            contact_id=self._rows.needed(row, "contact"),
            reviewer=self._reviewer(row),
            criterion=criterion,
            outcome=self._outcome(row),
            comment=comment,
            points=self._number(row, "points", _POINTS),
            attitude=self._number(row, "attitude", _ATTITUDE),
            scorecard=self._rows.written(row, "scorecard"),
            selection=self._selection(row),
            inclusion_probability=self._probability(row),
            blind=self._blind(row),
            reviewed_at=self._moment(row),
            sample_id=self._rows.written(row, "sample"),
            places=self._rows.places(row),
        )
        self._check_together(stated)
        return stated

    def _check_together(self, stated: Stated) -> None:
        if stated.outcome is not None and stated.criterion is None:
            raise stated.place("criterion").error(
                N_("The criterion is missing."), hint=N_("Name the criterion that was judged, by its id or its name.")
            )
        if len(stated.comment) > MAX_TEXT_CHARACTERS:
            raise stated.place("comment").error(
                N_("The comment has more than {most} characters."),
                hint=N_("Check that the columns are in their places."),
                most=MAX_TEXT_CHARACTERS,
            )
        if stated.criterion is not None and stated.outcome is None and stated.comment:
            raise stated.place("outcome").error(
                N_("There is a comment but no outcome."),
                hint=N_("Write the outcome too; undetermined if it cannot be told."),
            )

    def _reviewer(self, row: Row) -> str:
        """Return the reviewer; a row of a sheet that nobody has filled in yet has none and needs none."""
        judged = any(self._rows.raw(row, name) for name in _JUDGED)
        return self._rows.needed(row, "reviewer") if judged else self._rows.written(row, "reviewer") or ""

    def _outcome(self, row: Row) -> Outcome | None:
        # Not what counts as missing elsewhere: "N/A" is an answer here.
        text = self._rows.raw(row, "outcome")
        if not text:
            return None
        found = outcome_words().find(text)
        if found is None:
            raise self._rows.place(row, "outcome").error(
                N_("{text} is no outcome."),
                hint=N_("Write one of: {known}."),
                text=text,
                known=outcome_words().known,
            )
        return found

    def _number(self, row: Row, field: str, span: tuple[float, float]) -> float | None:
        text = self._rows.written(row, field)
        if text is None:
            return None
        place = self._rows.place(row, field)
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
        text = self._rows.written(row, "selection")
        if text is None:
            return None
        found = selection_words().find(text)
        if found is None:
            raise self._rows.place(row, "selection").error(
                N_("{text} does not say how the contact was chosen."),
                hint=N_("Write one of: {known}."),
                text=text,
                known=selection_words().known,
            )
        return found

    def _probability(self, row: Row) -> float | None:
        text = self._rows.written(row, "inclusion_probability")
        if text is None:
            return None
        place = self._rows.place(row, "inclusion_probability")
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
        text = self._rows.written(row, "blind")
        if text is None:
            return None
        return parse_flag(text, self._rows.place(row, "blind"))

    def _moment(self, row: Row) -> datetime | None:
        found = self._rows.moment(row, "reviewed_at", self._now)
        if found is not None and found > self._now + timedelta(days=1):
            raise self._rows.place(row, "reviewed_at").error(
                N_("{text} lies in the future."),
                hint=N_("Check the date."),
                text=self._rows.raw(row, "reviewed_at"),
            )
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
