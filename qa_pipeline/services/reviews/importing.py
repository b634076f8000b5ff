"""Importing a table of reviews: one transaction per file, and the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import normalise_header, read_table
from qa_pipeline.services.reviews.drawn import DrawnContacts, Origin
from qa_pipeline.services.reviews.table import Refused, ReviewTable, Stated
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.reviews import content_fingerprint

# What all rows of one review have in common, and its column.
_COMMON = {
    "points": "points",
    "attitude": "attitude",
    "scorecard": "scorecard",
    "selection": "selection",
    "inclusion_probability": "inclusion_probability",
    "blind": "blind",
    "reviewed_at": "reviewed_at",
    "sample_id": "sample",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewImport:
    """What became of a file; counts are of reviews, not of rows.

    ``replaced_count`` of the imported ones take the place of an earlier review by the same reviewer, which stays in the
    history. ``waiting_count``: contacts of the table on which nothing is said yet. ``held_back_count``: reviews with
    good rows that do not count because another row was refused: half a review is not what the reviewer meant.
    """

    imported_count: int
    replaced_count: int
    unchanged_count: int
    waiting_count: int
    held_back_count: int
    rejected: Sequence[RowError]
    ignored_columns: Sequence[str]


@dataclass(slots=True)
class _Group:
    """The rows of one review. ``broken``: a row of it was refused."""

    rows: list[Stated] = field(default_factory=list)
    broken: bool = False


@dataclass(slots=True)
class _Tally:
    imported: int = 0
    replaced: int = 0
    unchanged: int = 0
    waiting: int = 0
    held_back: int = 0
    rejected: list[RowError] = field(default_factory=list)


def import_reviews(
    store: Store,
    path: Path,
    cards: Sequence[Scorecard],
    *,
    mapping: Path | None = None,
    now: datetime | None = None,
) -> ReviewImport:
    """Import a table of reviews.

    Two forms, which may be mixed: a row per criterion (contact, reviewer, criterion, outcome), where rows with the same
    contact and reviewer are one review, and a row per review (contact, reviewer, points, attitude). A changed review
    replaces the reviewer's earlier one. What the table does not state (scorecard, selection, chance, blindness) comes
    from the reviewer's earlier review, else from the sample that the contact was drawn in before, else from the
    inspection; a selection that nobody states is unknown and does not count as random.

    Parameters
    ----------
    path : Path
        csv, tsv, jsonl (each also ``.gz``) or xlsx.
    cards : sequence of Scorecard
        The scorecards at hand, of all versions.
    mapping : Path, optional
        Mapping file for columns whose headers callqa does not know.
    now : datetime, optional
        The present, for tests.

    Raises
    ------
    TableError
        The table names no contact, no reviewer, or nothing that is judged.
    MappingError
        The mapping file is wrong, or two columns mean the same.
    """
    now = now or datetime.now(UTC)
    table = ReviewTable(read_table(path), store.time_zone, now, mapping)
    tally = _Tally()
    groups = _groups(table, tally)
    with store.transaction() as tx:
        keeper = _Keeper(tx, cards, path.name, now)
        for group in groups:
            _keep(keeper, group, tally)
    return ReviewImport(
        imported_count=tally.imported,
        replaced_count=tally.replaced,
        unchanged_count=tally.unchanged,
        waiting_count=tally.waiting,
        held_back_count=tally.held_back,
        rejected=sorted(tally.rejected, key=lambda error: error.row or 0),
        ignored_columns=table.ignored_columns,
    )


def _groups(table: ReviewTable, tally: _Tally) -> Sequence[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    # With None for the reviewer: nobody can tell whose row it was.
    broken: set[tuple[str, str | None]] = set()
    last_contact = ""
    for row in table.read():
        if isinstance(row, Refused):
            tally.rejected.append(row.error)
            # A row without a contact most likely belongs to the one above it, as where cells were merged.
            broken.add((row.contact_id or last_contact, row.reviewer))
        else:
            groups.setdefault((row.contact_id, row.reviewer), _Group()).rows.append(row)
            last_contact = row.contact_id
    for (contact_id, reviewer), group in groups.items():
        group.broken = bool({(contact_id, reviewer), (contact_id, None)} & broken)
    return list(groups.values())


def _keep(keeper: _Keeper, group: _Group, tally: _Tally) -> None:
    if not any(row.says_something for row in group.rows):
        tally.waiting += 1
        return
    errors: list[RowError] = []
    read = keeper.read(group.rows, errors)
    tally.rejected += errors
    if read is None or errors or group.broken:
        tally.held_back += len(group.rows) > len(errors)
    elif not keeper.keep(*read):
        tally.unchanged += 1
    else:
        tally.imported += 1
        tally.replaced += read[1] is not None


class _Keeper:
    """Rows of one review into a review, with what the store knows."""

    def __init__(self, tx: Transaction, cards: Sequence[Scorecard], source: str, now: datetime) -> None:
        self._tx = tx
        self._cards = cards
        self._source = source
        self._now = now
        self._drawn = DrawnContacts(tx)

    def read(self, rows: Sequence[Stated], errors: list[RowError]) -> tuple[Review, Review | None] | None:
        """Return the review that the rows are and the reviewer's earlier one; adds what is wrong to `errors`.

        None when there is no telling what the review is.
        """
        try:
            return self._read(rows, errors)
        except RowError as error:
            errors.append(error)
            return None

    def keep(self, review: Review, before: Review | None) -> bool:
        """Append a review; False when it says what the reviewer's earlier one says."""
        if before is not None and _content(before) == _content(review):
            return False
        return self._tx.reviews.add(replace(review, fingerprint=content_fingerprint(review)))

    def _read(self, rows: Sequence[Stated], errors: list[RowError]) -> tuple[Review, Review | None]:
        first = rows[0]
        common = _common(rows)
        contact, inspection = self._contact(first)
        # A decision on an appeal or of a panel is no review that its maker could take back with a table.
        others = [one for one in self._tx.reviews.list(contact_id=contact.id) if not one.selection.is_decision]
        card = self._card(first, common["scorecard"], inspection, others)
        before = next((one for one in others if one.reviewer == first.reviewer and one.scorecard_id == card.id), None)
        reviewed_at = common["reviewed_at"] or self._now
        self._check_order(first, reviewed_at, contact)
        stated = Origin(
            selection=common["selection"],
            inclusion_probability=common["inclusion_probability"],
            sample_id=common["sample_id"],
        )
        origin = self._drawn.origin(stated, first, before, others, reviewed_at)
        review = Review(
            contact_id=contact.id,
            scorecard_id=card.id,
            scorecard_version=card.version,
            reviewer=first.reviewer,
            verdicts=_verdicts(rows, card, errors),
            points=common["points"],
            attitude_value=common["attitude"],
            comment="\n".join(dict.fromkeys(row.comment for row in rows if row.criterion is None and row.comment)),
            selection=origin.selection or Selection.UNKNOWN,
            inclusion_probability=origin.inclusion_probability,
            blind=_is_blind(common["blind"], before, origin),
            sample_id=origin.sample_id,
            reviewed_at=reviewed_at,
            source=self._source,
            replaces=before.fingerprint if before else None,
            fingerprint="",
        )
        if before is not None and common["reviewed_at"] is None:
            at_that_time = replace(review, reviewed_at=before.reviewed_at)
            review = at_that_time if _content(at_that_time) == _content(before) else review
        return review, before

    def _check_order(self, first: Stated, reviewed_at: datetime, contact: Contact) -> None:
        # By day: many tables tell the day of a review and no time.
        zone = self._tx.time_zone
        started_at = contact.started_at.astimezone(zone) if contact.started_at else None
        if started_at is not None and reviewed_at.astimezone(zone).date() < started_at.date():
            raise first.place("reviewed_at").error(
                N_("The review is older than the contact, which began at {started_at}."),
                hint=N_("Check the date."),
                started_at=started_at.isoformat(sep=" ", timespec="minutes"),
            )

    def _contact(self, first: Stated) -> tuple[Contact, Inspection]:
        place = first.place("contact")
        contact = self._tx.contacts.find(first.contact_id)
        if contact is None:
            raise place.error(
                N_("There is no contact with the id {id}."),
                hint=N_("Write the id as in the metadata and the reports; score the contact first if it is new."),
                id=first.contact_id,
            )
        if first.reviewer in (contact.agent_id, contact.agent_name):
            raise first.place("reviewer").error(
                N_("{reviewer} is the agent of this contact."),
                hint=N_("Have somebody else review it."),
                reviewer=first.reviewer,
            )
        inspection = self._tx.inspections.find(contact.id)
        if inspection is None:
            raise place.error(
                N_("The contact {id} has not been inspected."),
                hint=N_("Score it first: callqa score FOLDER."),
                id=contact.id,
            )
        return contact, inspection

    def _card(self, first: Stated, stated: str | None, inspection: Inspection, others: Sequence[Review]) -> Scorecard:
        """Return the card of the review: as stated, else that of the reviewer's earlier one, else of the inspection."""
        id, version = inspection.scorecard_id, inspection.scorecard_version
        if stated is not None:
            id, _, number = stated.partition("@")
            if number:
                return self._get_card(first, id, int(number) if number.isascii() and number.isdigit() else -1)
        own = [one for one in others if one.reviewer == first.reviewer and one.scorecard_id == id]
        if own:
            return self._get_card(first, id, own[-1].scorecard_version)
        return self._get_card(first, id, version if id == inspection.scorecard_id else None)

    def _get_card(self, first: Stated, id: str, version: int | None) -> Scorecard:
        fitting = [card for card in self._cards if card.id == id and version in (None, card.version)]
        if not fitting:
            raise first.place("scorecard").error(
                N_("There is no scorecard {key}."),
                hint=N_("Choose one of: {known}."),
                key=first.scorecard or (id if version is None else f"{id}@{version}"),
                known=", ".join(card.key for card in self._cards),
            )
        return max(fitting, key=lambda card: card.version)


def _common(rows: Sequence[Stated]) -> dict[str, Any]:
    """Return what the rows of one review state together; raises RowError where two of them differ."""
    found: dict[str, Any] = {}
    for name, column in _COMMON.items():
        stated = [row for row in rows if getattr(row, name) is not None]
        found[name] = getattr(stated[0], name) if stated else None
        for row in stated[1:]:
            if getattr(row, name) != found[name]:
                raise row.place(column).error(
                    N_("{reviewer} has reviewed this contact in row {other_row} too, with other content."),
                    hint=N_("Keep the right one; neither is counted."),
                    reviewer=row.reviewer,
                    other_row=stated[0].place("contact").row,
                )
    return found


def _verdicts(rows: Sequence[Stated], card: Scorecard, errors: list[RowError]) -> tuple[Verdict, ...]:
    """Return the verdicts in the order of the card; adds to `errors` what cannot be one."""
    names = _criterion_names(card)
    found: dict[str, Verdict] = {}
    for row in rows:
        if row.criterion is None or row.outcome is None:
            continue
        key = names.get(normalise_header(row.criterion))
        if key is None:
            errors.append(
                row.place("criterion").error(
                    N_("The scorecard {card} has no criterion {criterion}."),
                    hint=N_("Its criteria are: {known}."),
                    card=card.key,
                    criterion=row.criterion,
                    known=", ".join(criterion.id for criterion in card.criteria),
                )
            )
            continue
        verdict = Verdict(criterion_id=key, outcome=row.outcome, comment=row.comment)
        if found.setdefault(key, verdict) != verdict:
            errors.append(
                row.place("outcome").error(
                    N_("{reviewer} has judged the criterion {criterion} twice, with other words."),
                    hint=N_("Keep the right row; the review is not counted until then."),
                    reviewer=row.reviewer,
                    criterion=key,
                )
            )
    return tuple(found[criterion.id] for criterion in card.criteria if criterion.id in found)


def _criterion_names(card: Scorecard) -> Mapping[str, str]:
    """Return ids by what people may write for them: the id, or a name that only one criterion has."""
    names: dict[str, set[str]] = {}
    for criterion in card.criteria:
        for text in (criterion.name.zh, criterion.name.en):
            names.setdefault(normalise_header(text), set()).add(criterion.id)
    found = {name: next(iter(ids)) for name, ids in names.items() if len(ids) == 1}
    return found | {normalise_header(criterion.id): criterion.id for criterion in card.criteria}


def _is_blind(stated: bool | None, before: Review | None, origin: Origin) -> bool:
    if stated is not None:
        return stated
    return before.blind if before is not None else origin.selection is Selection.DOUBLE


def _content(review: Review) -> Review:
    return replace(review, source="", replaces=None, fingerprint="")
