"""What is asked and answered about attrition risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.documents import ErrorBody
from api.listing import Document, ListDocument, Name
from api.v1.batches_documents import error_document
from models.attrition.signals import GROUPS, INPUTS, SIGNALS
from qa_pipeline.domain.job import Job, JobState
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.risk import FittedModel, ProofFile, RiskChecklist, RiskPrediction, RiskRun, RiskTerms
from qa_pipeline.report.labels import label

Translate = Callable[[str], str]
Band = Literal["now", "watch", "none"]


class ProofDocument(Document):
    """A document that was handed in; the server keeps its name and SHA-256, not the document."""

    name: str
    sha256: str


class ChecklistDocument(Document):
    """What must be there before any risk is computed or shown; the module is off until ``is_complete``."""

    is_complete: bool
    impact_assessment: ProofDocument | None
    staff_notice: ProofDocument | None
    owner: str | None
    completed_by: str | None
    completed_at: datetime | None

    @classmethod
    def of(cls, found: RiskChecklist) -> ChecklistDocument:
        """Return the document of a checklist."""
        return cls(
            is_complete=found.is_complete,
            impact_assessment=_proof(found.impact_assessment),
            staff_notice=_proof(found.staff_notice),
            owner=found.owner or None,
            completed_by=found.completed_by or None,
            completed_at=found.completed_at,
        )


class NewOwner(Document):
    """The person who answers for the use."""

    owner: Name


class TermsDocument(Document):
    """On what a list rests; each is an assumption of the person who asks.

    ``capacity``: how many people can be supported at a time. ``cost`` of supporting one person and
    ``replacement_cost`` of one exit, in the same currency. ``effect_ratio``: the share of exits that support prevents.
    """

    capacity: Annotated[int, Field(ge=0, le=100_000)]
    cost: Annotated[float, Field(ge=0, le=1e9)]
    effect_ratio: Annotated[float, Field(gt=0, le=1)]
    replacement_cost: Annotated[float, Field(gt=0, le=1e9)]

    @property
    def terms(self) -> RiskTerms:
        """The same as the scoring takes it."""
        return RiskTerms(**self.model_dump())


class NewRun(Document):
    """What is to be done: fit the model anew, or score everybody on terms, or both.

    ``as_of``: month at whose end things stand, YYYY-MM; the last closed one where it is left out.
    """

    as_of: Annotated[str | None, Field(max_length=7)] = None
    fit: bool = False
    terms: TermsDocument | None = None

    def check(self) -> None:
        """Raise ConfigurationError where the month is none."""
        if self.as_of is not None:
            check_month(self.as_of)


class OrderedJobDocument(Document):
    """The job that fits and scores."""

    job: str


class JobDocument(Document):
    """How far such a job is; ``problem``: why it failed."""

    id: str
    state: JobState
    as_of: str
    fit: bool
    score: bool
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    problem: ErrorBody | None

    @classmethod
    def of(cls, job: Job, language: str) -> JobDocument:
        """Return the document of a job."""
        return cls(
            id=job.id,
            state=job.state,
            as_of=job.params["as_of"],
            fit=job.params["fit"],
            score=job.params["terms"] is not None,
            created_by=job.created_by,
            created_at=job.created_at,
            ended_at=job.ended_at,
            problem=error_document(job.problem, language),
        )


class JobListDocument(ListDocument):
    """Some of ``total`` jobs, newest first."""

    jobs: tuple[JobDocument, ...]


class ModelDocument(Document):
    """One fitted model; its months and people are those that it learned from."""

    version: str
    as_of: str
    fitted_at: datetime
    fitted_by: str
    people: int
    exits: int
    first_month: str
    last_month: str
    boosted_horizons: tuple[int, ...]

    @classmethod
    def of(cls, found: FittedModel) -> ModelDocument:
        """Return the document of a model."""
        return cls(
            version=found.version,
            as_of=found.as_of,
            fitted_at=found.fitted_at,
            fitted_by=found.fitted_by,
            people=found.people,
            exits=found.exits,
            first_month=found.months[0],
            last_month=found.months[1],
            boosted_horizons=found.boosted,
        )


class ModelListDocument(ListDocument):
    """Some of ``total`` models, newest first."""

    models: tuple[ModelDocument, ...]


class RunDocument(Document):
    """One scoring of everybody at work at the end of a month.

    ``model``: null where there were too few exits, so that there are signals only. ``gate``: null without a model;
    ``hidden`` says that the model predicted too many or too few exits, so that no band is told.
    ``late_figures``: came after the month and were left out.
    """

    id: str
    as_of: str
    model: str | None
    gate: Literal["open", "hidden", "too_few_months"] | None
    scored_at: datetime
    scored_by: str
    people: int
    late_figures: int
    terms: TermsDocument

    @classmethod
    def of(cls, run: RiskRun) -> RunDocument:
        """Return the document of a run."""
        terms = run.terms
        return cls(
            id=run.id,
            as_of=run.as_of,
            model=run.model_version,
            gate=run.gate or None,
            scored_at=run.scored_at,
            scored_by=run.scored_by,
            people=run.count,
            late_figures=run.late_count,
            terms=TermsDocument(
                capacity=terms.capacity,
                cost=terms.cost,
                effect_ratio=terms.effect_ratio,
                replacement_cost=terms.replacement_cost,
            ),
        )


class NamedDocument(Document):
    """An id and its words in the reader's language."""

    id: str
    name: str


class SupportDocument(Document):
    """What the newest run says of one person.

    ``band``: priority of support. ``reasons``: groups of inputs that the model associates with it, strongest first, no
    causes. ``signals``: what stands out by itself.
    """

    agent_id: str
    agent_name: str | None
    team: str | None
    band: Band
    reasons: tuple[NamedDocument, ...]
    signals: tuple[NamedDocument, ...]


class SupportListDocument(ListDocument):
    """Some of ``total`` people of the newest run, those to support first at the top; ``run`` null before the first.

    ``break_even``: the probability from which support is worth its cost, as the run's terms say. ``bands``: how many
    people are in each.
    """

    run: RunDocument | None
    break_even: float | None
    bands: Mapping[str, int]
    people: tuple[SupportDocument, ...]


class InputDocument(Document):
    """One input, null where nothing was known at the end of the month."""

    id: str
    name: str
    value: float | None


class RiskSaidDocument(Document):
    """What one run said of one person; ``probabilities`` of leaving within 1, 2 and 3 months, empty without a model."""

    run: RunDocument
    band: Band
    probabilities: Mapping[str, float]
    reasons: tuple[NamedDocument, ...]
    signals: tuple[NamedDocument, ...]
    inputs: tuple[InputDocument, ...]


class PersonRiskDocument(Document):
    """What the runs that are kept said of one person, newest first."""

    agent_id: str
    agent_name: str | None
    team: str | None
    said: tuple[RiskSaidDocument, ...]


class OwnRiskDocument(Document):
    """What went in about oneself, what it was associated with, and what stood out; never a band or a probability.

    ``as_of`` null: the module is off, or no run says anything of the reader.
    """

    as_of: str | None
    scored_at: datetime | None
    reasons: tuple[NamedDocument, ...] = ()
    signals: tuple[NamedDocument, ...] = ()
    inputs: tuple[InputDocument, ...] = ()


class ClosedMonthDocument(Document):
    """Exits of one month as the model expected them before, and as they came; the sum of what was not expected."""

    month: str
    predicted: float
    observed: int
    cumulative: float
    limits: tuple[float, float]


class MonitoringDocument(Document):
    """Whether the newest model still fits; ``model`` null before the first.

    ``ratio`` of predicted to observed exits over the last closed months with its 95 % interval, null while nobody left;
    an end of the interval is null where it has none. ``stability``: PSI by input, above .2 the people differ.
    """

    model: ModelDocument | None
    gate: Literal["open", "hidden", "too_few_months"] | None = None
    gate_months: int = 0
    ratio: float | None = None
    ci95: tuple[float, float | None] | None = None
    months: tuple[ClosedMonthDocument, ...] = ()
    stability: tuple[InputDocument, ...] = ()


def reasons_of(groups: Sequence[str], translate: Translate) -> tuple[NamedDocument, ...]:
    """Return the words of groups of inputs."""
    return tuple(NamedDocument(id=group, name=label(GROUPS, group, translate)) for group in groups)


def signals_of(signals: Sequence[str], translate: Translate) -> tuple[NamedDocument, ...]:
    """Return the words of signals."""
    return tuple(NamedDocument(id=signal, name=label(SIGNALS, signal, translate)) for signal in signals)


def inputs_of(inputs: Mapping[str, float | None], translate: Translate) -> tuple[InputDocument, ...]:
    """Return inputs as people read them."""
    return tuple(
        InputDocument(id=name, name=input_name(name, translate), value=None if value is None else _plain(name, value))
        for name, value in inputs.items()
    )


def said_of(run: RiskRun, one: RiskPrediction, translate: Translate) -> RiskSaidDocument:
    """Return what a run said of a person."""
    return RiskSaidDocument(
        run=RunDocument.of(run),
        band=one.band,
        probabilities={str(horizon): chance for horizon, chance in one.probabilities.items()},
        reasons=reasons_of([reason.group for reason in one.reasons], translate),
        signals=signals_of(one.signals, translate),
        inputs=inputs_of(one.inputs, translate),
    )


def input_name(name: str, translate: Translate) -> str:
    """Return the words of an input; one of an earlier release has its id alone."""
    return translate(INPUTS[name].name) if name in INPUTS else name


def _plain(name: str, value: float) -> float:
    return INPUTS[name].plain(value) if name in INPUTS else value


def _proof(found: ProofFile | None) -> ProofDocument | None:
    return ProofDocument(name=found.name, sha256=found.sha256) if found else None
