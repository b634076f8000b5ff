"""Ratings by people, from a table or one by one; the same again changes nothing, what was replaced stays on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.appraisal.workflow import same_person
from qa_pipeline.domain.cycle import Incident, IncidentKind, Rating
from qa_pipeline.domain.performance import RaterClass
from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_, CallqaError, InputError, NotFound, RowError
from qa_pipeline.intake.tables import Row, normalise_header, parse_period
from qa_pipeline.kpi.catalogue import header_aliases, list_indicators
from qa_pipeline.services.incidents import find_incidents
from qa_pipeline.services.rating_words import class_words, columns, find_rated, known_rated, shown_titles
from qa_pipeline.services.table_rows import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, TableRows, open_rows
from qa_pipeline.store import Store, Transaction

LOWEST, HIGHEST = 1.0, 5.0
# From here on a rating needs a reason that somebody can look at.
POOR, TOP = 2.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingImport:
    """What became of a file of ratings.

    ``waiting_count``: rows of a form that nobody has filled in yet. ``warnings``: ratings that were kept and stand
    without a reason.
    """

    added_count: int
    replaced_count: int
    unchanged_count: int
    waiting_count: int
    rejected: Sequence[RowError]
    warnings: Sequence[RowError]
    ignored_columns: Sequence[str]


@dataclass(slots=True)
class _Tally:
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("added", "replaced", "unchanged"), 0))
    waiting: int = 0
    rejected: list[RowError] = field(default_factory=list)
    kept: list[tuple[Row, Rating]] = field(default_factory=list)


def import_ratings(store: Store, path: Path, now: datetime, *, period: str | None = None) -> RatingImport:
    """Import a table with a row per rating: agent, period, rater, class, indicator, value, comment.

    Parameters
    ----------
    period : str, optional
        ``YYYY-MM``, for a table without a column of months.

    Raises
    ------
    TableError
        A column is missing.
    MappingError
        Two columns mean the same.
    ConfigurationError
        `period` is no month.
    """
    if period is not None:
        check_month(period)
    needed = ("agent", "rater", "indicator", "value", *(() if period else ("period",)))
    rows = open_rows(path, columns("ratings"), needed, store.time_zone)
    tally = _Tally()
    with store.transaction() as tx:
        _Import(tx, rows, period, path.name, now).run(tally)
        warnings = _warnings(tx, rows, tally)
    return RatingImport(
        added_count=tally.outcomes["added"],
        replaced_count=tally.outcomes["replaced"],
        unchanged_count=tally.outcomes["unchanged"],
        waiting_count=tally.waiting,
        rejected=tally.rejected,
        warnings=warnings,
        ignored_columns=[header for header in rows.ignored_columns if header not in shown_titles()],
    )


def add_rating(store: Store, rating: Rating) -> tuple[str, bool]:
    """Keep one rating: what became of it, and whether it stands without a reason.

    Raises
    ------
    NotFound
        The agent or the rated indicator is not known.
    InputError
        The value is outside of the scale, or the class does not fit the rater.
    """
    with store.transaction() as tx:
        check_rating(tx, rating)
        outcome = tx.ratings.put(rating)
        return outcome, not _has_reason(rating, find_incidents(tx, rating.period, rating.agent_id))


def check_rating(tx: Transaction, rating: Rating) -> None:
    """Raise unless somebody may rate this agent, in this class, with this value."""
    agent = tx.agents.get(rating.agent_id)
    if not 0 < len(rating.rater_id.strip()) <= MAX_NAME_CHARACTERS:
        raise InputError(
            N_("The rater is named by no text of 1 to {most} characters."),
            hint=N_("Say who rates."),
            field="rater",
            most=MAX_NAME_CHARACTERS,
        )
    if not LOWEST <= rating.value <= HIGHEST:
        raise InputError(
            N_("{value} is outside of {lowest} to {highest}."),
            hint=N_("Write the step of the scale that fits; `callqa ratings sheet` shows what each means."),
            field="value",
            value=f"{rating.value:g}",
            lowest=f"{LOWEST:g}",
            highest=f"{HIGHEST:g}",
        )
    is_oneself = any(same_person(rating.rater_id, name) for name in (agent.id, agent.name) if name)
    if rating.rater_class is RaterClass.SELF and not is_oneself:
        raise InputError(
            N_("{rater} gives a self rating of {agent}."),
            hint=N_("A self rating comes from the agent; check the rater or the class."),
            field="class",
            rater=rating.rater_id,
            agent=agent.id,
        )
    if rating.rater_class is not RaterClass.SELF and is_oneself:
        raise InputError(
            N_("{agent} rates the own work as somebody else."),
            hint=N_("Write self as the class, or check the rater."),
            field="class",
            agent=agent.id,
        )


def rated_indicator(text: str) -> str:
    """Return the id of a rated indicator from its id, name or alias.

    Raises
    ------
    NotFound
        There is none; the message tells whether the indicator is counted instead.
    """
    found = find_rated(text)
    if found is not None:
        return found.id
    folded = normalise_header(text)
    counted = [
        indicator
        for indicator, names in header_aliases(one for one in list_indicators() if one.source != RATING).items()
        if folded in map(normalise_header, (indicator, *names))
    ]
    raise NotFound(
        N_("{text} is counted, not rated.") if counted else N_("There is no rated indicator {text}."),
        hint=N_("Import its values with `callqa kpi import`; rated are: {known}.")
        if counted
        else N_("Rated are: {known}."),
        field="indicator",
        text=text,
        known=known_rated(),
    )


class _Import:
    """One table of ratings on its way into a store."""

    def __init__(self, tx: Transaction, rows: TableRows, period: str | None, source: str, now: datetime) -> None:
        self._tx = tx
        self._rows = rows
        self._period = period
        self._source = source
        self._now = now
        self._seen: dict[tuple[str, str, str, str], tuple[Rating, int]] = {}

    def run(self, tally: _Tally) -> None:
        """Read and keep every row."""
        for row in self._rows:
            try:
                if isinstance(row, RowError):
                    raise row
                if self._is_waiting(row):
                    tally.waiting += 1
                    continue
                rating = self._read(row)
                self._check_twice(row, rating)
            except RowError as error:
                tally.rejected.append(error)
            else:
                tally.outcomes[self._tx.ratings.put(rating)] += 1
                tally.kept.append((row, rating))

    def _is_waiting(self, row: Row) -> bool:
        """Whether a row of a form was not filled in; a comment alone is a slip and no empty row."""
        return self._rows.text(row, "value") is None and self._rows.text(row, "comment", MAX_TEXT_CHARACTERS) is None

    def _read(self, row: Row) -> Rating:
        rows = self._rows
        agent_id, rater = rows.needed(row, "agent"), rows.needed(row, "rater")
        try:
            rating = Rating(
                agent_id=agent_id,
                period=self._period or parse_period(rows.needed(row, "period"), rows.place(row, "period")),
                rater_id=rater,
                rater_class=self._class(row, agent_id, rater),
                indicator=rated_indicator(rows.needed(row, "indicator")),
                value=rows.number(row, "value"),
                comment=rows.text(row, "comment", MAX_TEXT_CHARACTERS) or "",
                source=self._source,
                rated_at=self._now,
            )
            check_rating(self._tx, rating)
        except RowError:
            raise
        except CallqaError as problem:
            raise rows.refused(row, problem, "agent") from problem
        return rating

    def _class(self, row: Row, agent_id: str, rater: str) -> RaterClass:
        text = self._rows.text(row, "class")
        if text is None and same_person(agent_id, rater):
            return RaterClass.SELF
        found = class_words().find(text) if text else None
        if found is None:
            message = N_("{text} is no class of raters.") if text else N_("The class of the rater is missing.")
            hint = N_("Write one of: {known}.")
            known = class_words().known
            raise self._rows.place(row, "class").error(message, hint=hint, text=text or "", known=known)
        return found

    def _check_twice(self, row: Row, rating: Rating) -> None:
        key = (rating.agent_id, rating.period, rating.rater_id, rating.indicator)
        known, at = self._seen.setdefault(key, (rating, row.number))
        if (known.value, known.rater_class, known.comment) != (rating.value, rating.rater_class, rating.comment):
            raise self._rows.place(row, "value").error(
                N_("Row {other} has another rating by the same person on the same indicator."),
                hint=N_("Keep the row that is right."),
                other=at,
            )


def _warnings(tx: Transaction, rows: TableRows, tally: _Tally) -> Sequence[RowError]:
    incidents = {period: find_incidents(tx, period) for period in {rating.period for _, rating in tally.kept}}
    return [
        rows.place(row, "value").error(
            N_("{value} stands here without a comment, and no critical incident of the month is on record for it."),
            hint=N_("Say what was seen, or record the incident: `callqa incidents add`."),
            value=f"{rating.value:g}",
        )
        for row, rating in tally.kept
        if not _has_reason(rating, incidents[rating.period])
    ]


def _has_reason(rating: Rating, incidents: Mapping[str, Sequence[Incident]]) -> bool:
    """Whether a poor or top rating has a comment or an incident of its kind; others need none."""
    if POOR < rating.value < TOP or rating.comment:
        return True
    kind = IncidentKind.BAD if rating.value <= POOR else IncidentKind.GOOD
    return any(
        incident.kind is kind and incident.indicator in (None, rating.indicator)
        for incident in incidents.get(rating.agent_id, ())
    )
