"""The queue: contacts that wait for a person, in the order in which they should be looked at, with why.

First what needs somebody most (points of all signs), then agents with the fewest random reviews in their month, then
the newest contact, then by id, so that the order is total. The database sorts what the machine's inspections ask for
by an index; what people ask for (draws, calibration sessions, appeals) is little and joins it here.

What is reviewed blind shows nothing of what was found: neither signs nor the agent, and its place tells nothing either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, collate, func, or_, select

from qa_pipeline.access import Reach
from qa_pipeline.appraisal.review_need import (
    APPEAL_POINTS,
    Sign,
    appeal_sign,
    calibration_sign,
    coverage_reason,
    machine_signs,
    sample_sign,
    second_sign,
)
from qa_pipeline.appraisal.workflow import same_person
from qa_pipeline.domain.inspection import Inspection, Reason
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import CalibrationSession, ClaimPurpose
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.services.review_queue.blindness import due_in_sessions, seen_contacts
from qa_pipeline.services.review_queue.draws import (
    RECENT,
    WaitingDraw,
    counted_random_reviews,
    list_waiting,
    random_review_counts,
    within,
)
from qa_pipeline.services.reviews.drawn import chance_of
from qa_pipeline.store import Transaction, appraisal_tables, review_tables, tables

# Beyond it a queue is long, whatever the number; counting a large site to the end would take longer than listing.
COUNT_MAX = 10_000
_WAITING_APPEALS = ("filed", "under_review", "second_instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A contact that waits, with what its place follows from.

    ``points``: how much it needs a person. ``review_count``: random reviews of the agent in the month of the contact.
    ``draw`` and ``session``: what it was drawn for.
    """

    contact_id: str
    agent_id: str | None
    team: str | None
    started_at: datetime | None
    points: float
    review_count: int
    has_appeal: bool = False
    draw: WaitingDraw | None = None
    session: CalibrationSession | None = None

    @property
    def purpose(self) -> ClaimPurpose:
        """What it waits for."""
        if self.session is not None:
            return ClaimPurpose.CALIBRATION
        is_second = self.draw is not None and self.draw.selection is Selection.DOUBLE
        return ClaimPurpose.DOUBLE if is_second else ClaimPurpose.FIRST

    @property
    def selection(self) -> Selection:
        """How it was chosen: by what was found on it, unless it was drawn."""
        if self.session is not None:
            return Selection.CALIBRATION
        return self.draw.selection if self.draw is not None else Selection.RISK


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A contact that waits, with why, in order of weight, and how it was chosen.

    ``blind``: it is reviewed without what the machine found, so agent, team and signs are not for the person's eyes.
    ``is_seen``: this person has looked at what was found.
    """

    candidate: Candidate
    inclusion_probability: float | None
    blind: bool
    is_seen: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """Some of ``total`` contacts that wait for somebody.

    What only the machine's inspections ask for is counted up to 10,000.
    """

    entries: tuple[QueueEntry, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """Whose queue, as of when: ``reach`` of the permission to review. ``period``: only contacts of a month."""

    person: str
    reach: Reach
    now: datetime
    period: str | None = None
    contact_id: str | None = None


def order_key(candidate: Candidate) -> tuple[float, int, float, str]:
    """Return the place of a contact in the queue: the smallest first."""
    started_at = candidate.started_at.timestamp() if candidate.started_at else float("-inf")
    return -candidate.points, candidate.review_count, -started_at, candidate.contact_id


def list_queue(tx: Transaction, view: QueueView, cards: Sequence[Scorecard], *, offset: int, limit: int) -> QueuePage:
    """Return what waits for somebody: neither their own contacts, nor what others have taken or they judged before."""
    asked = _asked_by_people(tx, view)
    ordered = _in_order(tx, view, asked, offset + limit)[offset:]
    return QueuePage(entries=_entries(tx, view, ordered, cards), total=_count(tx, view, asked))


def count_queue(tx: Transaction, view: QueueView) -> int:
    """Return how many contacts wait for somebody."""
    return _count(tx, view, _asked_by_people(tx, view))


def _count(tx: Transaction, view: QueueView, asked: Sequence[Candidate]) -> int:
    return len(asked) + _needed_count(tx, view, _also_needed(asked))


def first_candidates(tx: Transaction, view: QueueView, count: int) -> Sequence[Candidate]:
    """Return what stands first in somebody's queue."""
    return _in_order(tx, view, _asked_by_people(tx, view), count)


def _in_order(tx: Transaction, view: QueueView, asked: Sequence[Candidate], count: int) -> Sequence[Candidate]:
    needed = _needed(tx, view, _also_needed(asked), count)
    return sorted([*asked, *needed], key=order_key)[:count]


def _also_needed(asked: Sequence[Candidate]) -> frozenset[str]:
    """Return what may be among what the inspections ask for too: what was drawn is asked for by people alone."""
    return frozenset(one.contact_id for one in asked if one.draw is None)


def _asked_by_people(tx: Transaction, view: QueueView) -> Sequence[Candidate]:
    """Return what waits because it was drawn, belongs to a session or is appealed, as far as the person may take it."""
    found = [*_session_candidates(tx, view)]
    known = {one.contact_id for one in found}
    found += [one for one in _drawn_candidates(tx, view) if one.contact_id not in known]
    known |= {one.contact_id for one in found}
    found += [one for one in _appealed_candidates(tx, view) if one.contact_id not in known]
    open_claims = tx.claims.list_open(view.now) if found else ()
    taken = {(claim.contact_id, claim.purpose) for claim in open_claims if claim.claimant != view.person}
    return [
        one
        for one in found
        if (one.purpose is ClaimPurpose.CALIBRATION or (one.contact_id, one.purpose) not in taken)
        and not (one.agent_id is not None and same_person(one.agent_id, view.person))
    ]


def _drawn_candidates(tx: Transaction, view: QueueView) -> Sequence[Candidate]:
    draws = [
        draw
        for draw in list_waiting(tx, view.now, view.reach, view.contact_id)
        if view.person not in draw.reviewers and view.period in (None, draw.period)
    ]
    counts = random_review_counts(tx, sorted({draw.period for draw in draws if draw.period}))
    by_risk = _needs(tx, [draw.contact_id for draw in draws if draw.selection is Selection.RISK])
    found: dict[str, Candidate] = {}
    for draw in draws:
        sign = second_sign(draw.sample_id) if draw.selection is Selection.DOUBLE else sample_sign(draw.sample_id)
        candidate = Candidate(
            contact_id=draw.contact_id,
            agent_id=draw.agent_id,
            team=draw.team,
            started_at=draw.started_at,
            points=round(sign.points + by_risk.get(draw.contact_id, 0.0), 3),
            review_count=counts.get((draw.agent_id or "", draw.period or ""), 0),
            draw=draw,
        )
        earlier = found.get(draw.contact_id)
        # Drawn at random and by risk: the random draw, whose review tells about all contacts.
        if earlier is None or earlier.selection.is_targeted:
            found[draw.contact_id] = candidate
    return list(found.values())


def _session_candidates(tx: Transaction, view: QueueView) -> Sequence[Candidate]:
    due = due_in_sessions(tx, view.person)
    contact = tables.contact.c
    query = select(contact.id, contact.agent_id, contact.team, contact.started_at, contact.period).where(
        contact.id.in_(due), within(view.reach), *_only(view)
    )
    rows = tx.connection.execute(query).all() if due else []
    counts = random_review_counts(tx, sorted({row.period for row in rows if row.period}))
    return [
        Candidate(
            contact_id=row.id,
            agent_id=row.agent_id,
            team=row.team,
            started_at=row.started_at,
            points=calibration_sign("").points,
            review_count=counts.get((row.agent_id, row.period), 0),
            session=due[row.id],
        )
        for row in rows
    ]


def _appealed_candidates(tx: Transaction, view: QueueView) -> Sequence[Candidate]:
    """Return contacts with an open appeal that nobody has looked at since it was filed."""
    appeal, review, contact = appraisal_tables.appeal, appraisal_tables.review, tables.contact
    since = select(review.c.id).where(review.c.contact_id == contact.c.id, review.c.reviewed_at > appeal.c.filed_at)
    judged = select(review.c.id).where(review.c.contact_id == contact.c.id, review.c.reviewer == view.person)
    query = (
        select(contact.c.id, contact.c.agent_id, contact.c.team, contact.c.started_at, contact.c.period)
        .add_columns(appeal.c.id.label("appeal_id"))
        .join(appeal, appeal.c.contact_id == contact.c.id)
        .where(
            appeal.c.filed_at >= view.now - RECENT, ~since.exists(), ~judged.exists(), within(view.reach), *_only(view)
        )
    )
    rows = tx.connection.execute(query).all()
    latest = tx.transitions.latest("appeal", [row.appeal_id for row in rows])
    open_ = {row.id: row for row in rows if latest[row.appeal_id].to_state in _WAITING_APPEALS}
    needs = _needs(tx, list(open_))
    counts = random_review_counts(tx, sorted({row.period for row in open_.values() if row.period}))
    return [
        Candidate(
            contact_id=row.id,
            agent_id=row.agent_id,
            team=row.team,
            started_at=row.started_at,
            points=round(APPEAL_POINTS + needs[row.id], 3),
            review_count=counts.get((row.agent_id, row.period), 0),
            has_appeal=True,
        )
        for row in open_.values()
        if row.id in needs
    ]


def _needed(tx: Transaction, view: QueueView, asked: Collection[str], count: int) -> Sequence[Candidate]:
    """Return the first contacts that the machine's inspections ask for, without `asked`."""
    contact, inspection = tables.contact, tables.inspection
    where = _needed_conditions(view)
    joined = inspection.join(contact, contact.c.id == inspection.c.contact_id)
    most = count + len(asked)
    # The last one's need by the index alone, so that only contacts that come into question are sorted by the rest.
    last = select(inspection.c.review_need).select_from(joined).where(*where)
    last = last.order_by(inspection.c.review_need.desc()).offset(most - 1).limit(1)
    least = tx.connection.execute(last).scalar()
    if least is not None:
        where.append(inspection.c.review_need >= least)
    return [each for each in _sorted(tx, view, where, most) if each.contact_id not in asked][:count]


def _needed_count(tx: Transaction, view: QueueView, asked: Collection[str]) -> int:
    """Return how many contacts the machine's inspections ask for, without `asked`."""
    contact, inspection = tables.contact, tables.inspection
    joined = inspection.join(contact, contact.c.id == inspection.c.contact_id)
    listed = select(contact.c.id).select_from(joined).where(*_needed_conditions(view)).limit(COUNT_MAX)
    total = int(tx.connection.execute(select(func.count()).select_from(listed.subquery())).scalar_one())
    if total == COUNT_MAX or not asked:
        return total
    conditions = (*_needed_conditions(view), contact.c.id.in_(asked))
    known = tx.connection.execute(select(contact.c.id).select_from(joined).where(*conditions))
    return total - len(known.all())


def _sorted(tx: Transaction, view: QueueView, where: Sequence[ColumnElement[bool]], most: int) -> Sequence[Candidate]:
    contact, inspection = tables.contact, tables.inspection
    periods = [view.period] if view.period else _months_before(view.now, tx.time_zone)
    counted = counted_random_reviews(periods).subquery()
    review_count = func.coalesce(counted.c.review_count, 0)
    joined = inspection.join(contact, contact.c.id == inspection.c.contact_id)
    of_agent = (counted.c.agent_id == contact.c.agent_id) & (counted.c.period == contact.c.period)
    columns = (contact.c.id, contact.c.agent_id, contact.c.team, contact.c.started_at, inspection.c.review_need)
    # As Python compares texts, whatever the database's language.
    by_id = collate(contact.c.id, "C") if tx.connection.dialect.name == "postgresql" else contact.c.id
    rows = (
        select(*columns, review_count.label("review_count"))
        .select_from(joined.outerjoin(counted, of_agent))
        .where(*where)
        .order_by(
            inspection.c.review_need.desc(),
            review_count,
            contact.c.started_at.is_(None),
            contact.c.started_at.desc(),
            by_id,
        )
        .limit(most)
    )
    return [
        Candidate(
            contact_id=row.id,
            agent_id=row.agent_id,
            team=row.team,
            started_at=row.started_at,
            points=row.review_need,
            review_count=row.review_count,
        )
        for row in tx.connection.execute(rows)
    ]


def _needed_conditions(view: QueueView) -> list[ColumnElement[bool]]:
    contact, inspection, newer = tables.contact, tables.inspection, tables.inspection.alias()
    review, claim = appraisal_tables.review, review_tables.review_claim
    sample, drawn = appraisal_tables.sample, appraisal_tables.sample_contact
    same = contact.c.id
    return [
        inspection.c.review_need > 0,
        ~select(newer.c.id).where(newer.c.contact_id == same, newer.c.id > inspection.c.id).exists(),
        ~select(review.c.id).where(review.c.contact_id == same).exists(),
        # What was drawn waits as drawn, so that its place tells nothing of what was found.
        ~select(drawn.c.sample_id)
        .join(sample, sample.c.id == drawn.c.sample_id)
        .where(drawn.c.contact_id == same, sample.c.selection != Selection.CALIBRATION.value)
        .exists(),
        ~select(claim.c.id)
        .where(
            claim.c.contact_id == same,
            claim.c.ended_at.is_(None),
            claim.c.expires_at > view.now,
            claim.c.claimant != view.person,
        )
        .exists(),
        or_(contact.c.agent_id.is_(None), func.lower(contact.c.agent_id) != view.person.strip().lower()),
        or_(contact.c.started_at.is_(None), contact.c.started_at >= view.now - RECENT),
        within(view.reach),
        *_only(view),
    ]


def _only(view: QueueView) -> list[ColumnElement[bool]]:
    pairs = ((tables.contact.c.period, view.period), (tables.contact.c.id, view.contact_id))
    return [column == value for column, value in pairs if value is not None]


def _months_before(now: datetime, zone: ZoneInfo) -> list[str]:
    """Return the months that the recent days touch, oldest first."""
    first, last = (now - RECENT).astimezone(zone), now.astimezone(zone)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    places = [12 * first.year + first.month - 1 + each for each in range(count)]
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in places]


def _needs(tx: Transaction, contact_ids: Sequence[str]) -> Mapping[str, float]:
    """Return how much each inspected contact needs a person by its newest inspection."""
    table = tables.inspection
    found: dict[str, float] = {}
    for start in range(0, len(contact_ids), 500):
        chunk = contact_ids[start : start + 500]
        query = select(table.c.contact_id, table.c.review_need).where(table.c.contact_id.in_(chunk))
        found |= {row.contact_id: row.review_need for row in tx.connection.execute(query.order_by(table.c.id))}
    return found


def _entries(
    tx: Transaction, view: QueueView, ordered: Sequence[Candidate], cards: Sequence[Scorecard]
) -> tuple[QueueEntry, ...]:
    seen = seen_contacts(tx, view.person, [one.contact_id for one in ordered])
    shown = tx.inspections.newest([one.contact_id for one in ordered if one.selection.is_targeted])
    return tuple(
        QueueEntry(
            candidate=one,
            inclusion_probability=chance_for(tx, one, view.person),
            blind=is_blind(one, is_seen=one.contact_id in seen),
            is_seen=one.contact_id in seen,
            reasons=_reasons(one, shown.get(one.contact_id), cards, tx.time_zone),
        )
        for one in ordered
    )


def is_blind(one: Candidate, *, is_seen: bool) -> bool:
    """Whether somebody reviews it without what the machine found: what was drawn, unless they have seen that."""
    return not one.selection.is_targeted and (one.purpose is ClaimPurpose.DOUBLE or not is_seen)


def _reasons(
    one: Candidate, inspection: Inspection | None, cards: Sequence[Scorecard], zone: ZoneInfo
) -> tuple[Reason, ...]:
    coverage = coverage_reason(one.review_count)
    if not one.selection.is_targeted:
        drawn = _drawn_sign(one, zone).reason
        return (drawn,) if one.session is not None else (drawn, coverage)
    signs = [*([appeal_sign()] if one.has_appeal else []), *([_drawn_sign(one, zone)] if one.draw else [])]
    signs += _machine_signs(inspection, cards)
    return (*(sign.reason for sign in sorted(signs, key=lambda sign: -sign.points)), coverage)


def _drawn_sign(one: Candidate, zone: ZoneInfo) -> Sign:
    if one.session is not None:
        return calibration_sign(f"{one.session.ends_at.astimezone(zone):%Y-%m-%d}")
    assert one.draw is not None, "only what was drawn is asked"
    make = second_sign if one.draw.selection is Selection.DOUBLE else sample_sign
    return make(one.draw.sample_id)


def _machine_signs(inspection: Inspection | None, cards: Sequence[Scorecard]) -> Sequence[Sign]:
    if inspection is None:
        return ()
    key = (inspection.scorecard_id, inspection.scorecard_version)
    line = next((card.pass_points for card in cards if (card.id, card.version) == key), None)
    return machine_signs(inspection, line)


def chance_for(tx: Transaction, one: Candidate, person: str) -> float | None:
    """Return the chance (0, 1] with which a contact came before a person, None where it was not drawn."""
    if one.session is not None:
        return tx.samples.of_contact(one.contact_id).get(one.session.sample_id)
    if one.draw is None:
        return None
    others = tx.reviews.list(contact_id=one.contact_id) if one.purpose is ClaimPurpose.DOUBLE else ()
    return chance_of(one.draw.selection, one.draw.chance, person, others)
