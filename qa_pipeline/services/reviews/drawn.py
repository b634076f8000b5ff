"""How reviewed contacts were chosen: as the table states, else by the sample that they were drawn in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.domain.review import Review, Sample, Selection
from qa_pipeline.errors import N_
from qa_pipeline.services.reviews.table import Stated
from qa_pipeline.store import Transaction

# Of several samples that hold a contact, the one whose reviews tell most about all contacts.
_ORDER = (Selection.RANDOM, Selection.CALIBRATION, Selection.DOUBLE, Selection.RISK)
_SAME = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a contact came before a reviewer; None is not known."""

    selection: Selection | None
    inclusion_probability: float | None
    sample_id: str | None


class DrawnContacts:
    """The samples of a store by contact."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._samples: dict[str, Sample | None] = {}

    def origin(
        self, stated: Origin, row: Stated, before: Review | None, others: Sequence[Review], reviewed_at: datetime
    ) -> Origin:
        """Return how the contact of a row was chosen.

        What the reviewer's own earlier review says holds on where nothing else is stated. A sample counts only for
        reviews from the day on which it was drawn: what somebody picked before was not drawn.

        Raises
        ------
        RowError
            The sample does not exist, was drawn later, does not hold the contact or says otherwise; or the second
            review is by the first reviewer.
        """
        chances = self._tx.samples.of_contact(row.contact_id)
        if stated.sample_id is not None:
            found = self._by_sample(stated, row, chances, others, reviewed_at)
        elif before is not None and stated.selection in (None, before.selection):
            found = Origin(
                selection=before.selection,
                inclusion_probability=before.inclusion_probability,
                sample_id=before.sample_id,
            )
        else:
            found = self._guessed(stated, row, chances, others, reviewed_at)
        if stated.inclusion_probability is not None:
            found = _with_chance(found, stated.inclusion_probability, row)
        _check_second_reviewer(found, row, others)
        return found

    def _by_sample(
        self,
        stated: Origin,
        row: Stated,
        chances: Mapping[str, float],
        others: Sequence[Review],
        reviewed_at: datetime,
    ) -> Origin:
        place = row.place("sample")
        sample = self._sample(stated.sample_id or "")
        if sample is None:
            raise place.error(
                N_("There is no sample with the id {id}."),
                hint=N_("`callqa samples list` shows them all."),
                id=stated.sample_id,
            )
        if sample.id not in chances:
            raise place.error(
                N_("The sample {id} does not hold the contact {contact}."),
                hint=N_("`callqa samples show {id}` lists its contacts; leave the cell empty for others."),
                id=sample.id,
                contact=row.contact_id,
            )
        if not self.was_drawn(sample, reviewed_at):
            raise row.place("reviewed_at").error(
                N_("The review is older than the sample {id}, drawn on {drawn_on}."),
                hint=N_("A contact that was reviewed before the draw was not chosen by it: leave the sample empty."),
                id=sample.id,
                drawn_on=sample.drawn_at.astimezone(self._tx.time_zone).date().isoformat(),
            )
        if stated.selection not in (None, sample.selection):
            raise row.place("selection").error(
                N_("The sample {id} is {selection}, the row says {stated}."),
                hint=N_("Leave the cell empty, or name the right sample."),
                id=sample.id,
                selection=sample.selection.value,
                stated=stated.selection.value if stated.selection else "",
            )
        return _origin_in(sample, chances[sample.id], row.reviewer, others)

    def _guessed(
        self,
        stated: Origin,
        row: Stated,
        chances: Mapping[str, float],
        others: Sequence[Review],
        reviewed_at: datetime,
    ) -> Origin:
        samples = [sample for id in chances if (sample := self._sample(id)) and self.was_drawn(sample, reviewed_at)]
        fitting = [sample for sample in samples if stated.selection in (None, sample.selection)]
        if not fitting:
            return stated
        # Where somebody else has had the contact from the random sample, this is the second look.
        seen = any(other.reviewer != row.reviewer and not other.selection.is_targeted for other in others)
        order = (Selection.DOUBLE, *_ORDER) if seen else _ORDER
        best = min(fitting, key=lambda sample: (order.index(sample.selection), sample.drawn_at))
        return _origin_in(best, chances[best.id], row.reviewer, others)

    def _sample(self, sample_id: str) -> Sample | None:
        if sample_id not in self._samples:
            self._samples[sample_id] = self._tx.samples.find(sample_id)
        return self._samples[sample_id]

    def was_drawn(self, sample: Sample, reviewed_at: datetime) -> bool:
        """Whether a sample was drawn when somebody reviewed."""
        # By day: many tables tell the day of a review and no time.
        zone = self._tx.time_zone
        return sample.drawn_at.astimezone(zone).date() <= reviewed_at.astimezone(zone).date()


def chance_of(selection: Selection, chance: float, reviewer: str, others: Sequence[Review]) -> float | None:
    """Return the chance (0, 1] with which a contact came before a reviewer by a sample that drew it with `chance`.

    Of a second look: drawn twice, into the first sample and out of it; None where the first chance is not known.
    """
    if selection is not Selection.DOUBLE:
        return chance
    firsts = [
        other.inclusion_probability
        for other in others
        if other.selection is Selection.RANDOM and other.reviewer != reviewer
    ]
    first = next((known for known in firsts if known is not None), None)
    return None if first is None else first * chance


def find_draw(tx: Transaction, contact_id: str, reviewed_at: datetime) -> Origin:
    """Return the random draw, else the draw by risk, that a first look at a contact belongs to; empty without any."""
    found = DrawnContacts(tx)
    chances = tx.samples.of_contact(contact_id)
    samples = [sample for id in chances if (sample := tx.samples.find(id)) and found.was_drawn(sample, reviewed_at)]
    fitting = [sample for sample in samples if sample.selection in (Selection.RANDOM, Selection.RISK)]
    if not fitting:
        return Origin(selection=None, inclusion_probability=None, sample_id=None)
    best = min(fitting, key=lambda sample: (_ORDER.index(sample.selection), sample.drawn_at))
    return Origin(selection=best.selection, inclusion_probability=chances[best.id], sample_id=best.id)


def _origin_in(sample: Sample, chance: float, reviewer: str, others: Sequence[Review]) -> Origin:
    found = chance_of(sample.selection, chance, reviewer, others)
    return Origin(selection=sample.selection, inclusion_probability=found, sample_id=sample.id)


def _with_chance(found: Origin, chance: float, row: Stated) -> Origin:
    if found.sample_id is not None and found.inclusion_probability is not None:
        if not math.isclose(found.inclusion_probability, chance, rel_tol=_SAME):
            raise row.place("inclusion_probability").error(
                N_("The sample {id} drew this contact with a chance of {known}."),
                hint=N_("Leave the cell empty: the sample knows."),
                id=found.sample_id,
                known=f"{found.inclusion_probability:.6g}",
            )
        return found
    return Origin(selection=found.selection, inclusion_probability=chance, sample_id=found.sample_id)


def _check_second_reviewer(found: Origin, row: Stated, others: Sequence[Review]) -> None:
    if found.selection is not Selection.DOUBLE:
        return
    own = (other for other in others if other.reviewer == row.reviewer)
    if any(other.selection is not Selection.DOUBLE for other in own):
        raise row.place("reviewer").error(
            N_("{reviewer} has reviewed this contact already; the second review needs somebody else."),
            hint=N_("Give it to another reviewer."),
            reviewer=row.reviewer,
        )
