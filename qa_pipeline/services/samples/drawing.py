"""Drawing a sample of the contacts of a month."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from qa_pipeline.appraisal.sampling import random_numbers
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.review import Sample, SampledContact, Selection
from qa_pipeline.errors import N_, ConfigurationError, NotFound
from qa_pipeline.services.samples.frame import Frame, read_frame
from qa_pipeline.services.samples.plan import SamplePlan
from qa_pipeline.store import Store, Transaction

_SEEDS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A sample, whether it is new, and whom it does not reach.

    ``short_agents``: fewer contacts in the frame than are wanted of each; all of theirs are drawn.
    ``missing_agents``: contacts in the month, but none in the frame.
    """

    sample: Sample
    is_new: bool
    short_agents: Sequence[str]
    missing_agents: Sequence[str]


def draw_sample(
    store: Store, period: str, plan: SamplePlan, *, by: str, seed: int | None = None, now: datetime | None = None
) -> Drawn:
    """Draw a sample and keep it. The same plan and seed over the same frame is the same sample, kept once.

    Parameters
    ----------
    period : str
        ``YYYY-MM``.
    by : str
        Who draws.
    seed : int, optional
        At least 0; a random one when left out. It is stored either way.

    Raises
    ------
    ConfigurationError
        `period` is no month, nobody is named or the seed is negative.
    NotFound
        No contact of the month can be drawn.
    """
    check_month(period)
    if not by.strip():
        raise ConfigurationError(
            N_("A sample needs the name of who draws it."), hint=N_("Give it with --by NAME."), field="by"
        )
    if seed is not None and seed < 0:
        raise ConfigurationError(
            N_("{seed} is no seed."), hint=N_("Give a whole number from 0 on, or none."), field="seed", seed=seed
        )
    with store.transaction() as tx:
        frame = read_frame(tx, period, plan)
        if not frame.kept:
            raise _empty(tx, period, frame)
        sample = _draw(tx, period, frame, secrets.randbelow(_SEEDS) if seed is None else seed, by, now)
        same = _find_same(tx, sample)
        if same is None:
            tx.samples.add(sample)
    return Drawn(
        sample=same or sample,
        is_new=same is None,
        short_agents=_short_agents(frame),
        missing_agents=_missing_agents(frame),
    )


def draw(frame: Frame, seed: int) -> tuple[SampledContact, ...]:
    """Return what a seed draws from a frame that is not empty, by contact id."""
    design = frame.design
    chosen = design.draw(random_numbers(seed, [one.contact_id for one in frame.kept]))
    return tuple(
        SampledContact(contact_id=one.contact_id, agent_id=one.agent_id or "", inclusion_probability=float(chance))
        for one, is_chosen, chance in zip(frame.kept, chosen, design.probability, strict=True)
        if is_chosen
    )


def _draw(tx: Transaction, period: str, frame: Frame, seed: int, by: str, now: datetime | None) -> Sample:
    return Sample(
        # Stands on the reviewers' sheets, so it must not tell why their contacts were chosen; and no spreadsheet
        # program takes it for a date.
        id=f"S{period}-{len(tx.samples.list(period)) + 1}",
        period=period,
        selection=frame.plan.selection,
        seed=seed,
        plan=frame.plan.as_pairs(),
        filters=frame.filters,
        frame_count=len(frame.kept),
        frame_digest=frame.digest,
        contacts=draw(frame, seed),
        drawn_by=by.strip(),
        drawn_at=now or datetime.now(UTC),
    )


def _find_same(tx: Transaction, sample: Sample) -> Sample | None:
    def identity(one: Sample) -> tuple[object, ...]:
        return one.selection, one.seed, one.plan, one.frame_digest

    return next((one for one in tx.samples.list(sample.period) if identity(one) == identity(sample)), None)


def _short_agents(frame: Frame) -> list[str]:
    if frame.plan.per_agent is None:
        return []
    counts: dict[str, int] = {}
    for one in frame.kept:
        counts[one.agent_id or ""] = counts.get(one.agent_id or "", 0) + 1
    return sorted(agent_id for agent_id, count in counts.items() if count < frame.plan.per_agent)


def _missing_agents(frame: Frame) -> list[str]:
    reached = {one.agent_id for one in frame.kept}
    return sorted({one.agent_id for one, _ in frame.kept_out if one.agent_id and one.agent_id not in reached})


def _empty(tx: Transaction, period: str, frame: Frame) -> NotFound:
    known = ", ".join(tx.contacts.periods()[-6:])
    if not frame.kept_out:
        return NotFound(
            N_("There are no contacts in {period}."),
            hint=N_("Months with contacts: {known}.")
            if known
            else N_("Score some contacts first: callqa score FOLDER."),
            period=period,
            known=known,
        )
    needs_review = frame.plan.selection is Selection.DOUBLE and dict(frame.filters)["no_random_review"]
    return NotFound(
        N_("None of the {count} contacts of {period} can be drawn."),
        hint=N_("Import reviews of a random sample first: a second look needs a first one.")
        if needs_review
        else N_("Leave filters out, or score what is pending."),
        period=period,
        count=len(frame.kept_out),
    )
