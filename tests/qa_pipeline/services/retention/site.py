"""A home with one contact per month whose words, ids and files can be looked for in every byte of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import MetaData, select

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import Role, Source, SourceKind
from qa_pipeline.domain.cycle import (
    Appeal,
    Figure,
    Incident,
    IncidentKind,
    Proposal,
    ProposalKind,
    Publication,
    Quote,
    StaffRole,
    Transition,
)
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.review import Review, Sample, SampledContact, Selection
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import NeedsModel
from qa_pipeline.scoring.full_text import searchable
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store
from tests import factories
from tests.coaching.written import a_plan, a_talk

OLD = "call-77812-old"
NEW = "call-77813-new"
SENTENCE = "紫色大象在图书馆zxqplanted跳舞"
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def plant(store: Store, home: Path, contact_id: str, started_at: datetime) -> None:
    """Put one contact with all that is kept of contacts into a store and a home."""
    fingerprint = sha256(contact_id.encode()).hexdigest()
    transcript = factories.transcript([(Role.AGENT, f"您好，{SENTENCE}。"), (Role.CUSTOMER, SENTENCE)])
    folder = ArtifactFolder(home / "artifacts")
    annotation = Annotation(
        sentiments=(), courses=(), attitude=(), attitude_value=None, sentiment_engine="none", masked_count=0
    )
    annotated = Annotated(transcript=transcript, facts=Facts(duration_s=8.0), annotation=annotation)
    folder.write(annotated, "annotate", fingerprint)
    folder.write(transcript, "transcribe", fingerprint)
    recording = home / "uploads" / "job-1" / f"{contact_id}.wav"
    recording.parent.mkdir(parents=True, exist_ok=True)
    recording.write_bytes(b"RIFF" + contact_id.encode())
    source = Source(kind=SourceKind.AUDIO, uri=str(recording), sha256=fingerprint, size_bytes=1)
    contact = factories.contact(contact_id, sources=(source,), started_at=started_at)
    period = f"{started_at.astimezone(store.time_zone):%Y-%m}"
    evidence = factories.finding(evidence=[factories.quote(SENTENCE)])
    with store.transaction() as tx:
        tx.contacts.put(contact)
        for agent in factories.agents()[:1]:
            tx.agents.put(agent)
        tx.inspections.add(factories.inspection(contact_id, findings=(evidence,)), "r")
        tx.utterances.put(contact_id, searchable(transcript))
        tx.artifacts.put(contact_id, {"annotate": fingerprint, "transcribe": fingerprint, "search": fingerprint})
        tx.problems.put(str(recording), "failed", NeedsModel("No engine."), "r", contact_id)
        tx.reviews.add(review_of(contact_id, started_at))
        tx.samples.add(sample_of(contact_id, period, started_at))
        judged = factories.evaluation("A01", 90.0, period=period)
        item = replace(judged.dimensions[1].items[0], contacts=(contact_id,))
        judged = replace(judged, dimensions=(replace(judged.dimensions[1], items=(item,)),))
        tx.evaluations.put(judged)
        tx.publications.add(
            Publication(
                agent_id="A01",
                period=period,
                version=1,
                evaluation=judged,
                published_by="hr",
                reason="",
                published_at=started_at + timedelta(days=40),
            )
        )
        tx.proposals.add_all(period, [proposal_of(contact_id, period)])
        tx.incidents.add(incident_of(contact_id, started_at))
        tx.talks.add(a_talk(f"t-{period}", contact_id=contact_id, quote=SENTENCE, period=period))
        tx.coaching_plans.add(a_plan(f"p-{period}", contact_id=contact_id, quote=SENTENCE, selected_period=period))
        tx.transitions.add(step_of("coaching_plan", f"p-{period}", "offered", started_at))
        tx.appeals.add(appeal_of(contact_id, period))
        tx.transitions.add(step_of("appeal", f"a-{period}", "withdrawn", started_at))


def review_of(contact_id: str, at: datetime) -> Review:
    """A person's review of a contact that quotes it."""
    return Review(
        contact_id=contact_id,
        scorecard_id="zh-telephone",
        scorecard_version=1,
        reviewer="qa-li",
        points=80.0,
        comment=f"“{SENTENCE}” is odd.",
        reviewed_at=at,
        source="page",
        fingerprint=sha256(f"review {contact_id}".encode()).hexdigest(),
    )


def sample_of(contact_id: str, period: str, at: datetime) -> Sample:
    """A draw of one contact."""
    drawn = SampledContact(contact_id=contact_id, agent_id="A01", inclusion_probability=0.5)
    return Sample(
        id=f"s-{period}",
        period=period,
        selection=Selection.RANDOM,
        seed=1,
        plan=(),
        filters=(),
        frame_count=2,
        frame_digest="0" * 64,
        contacts=(drawn,),
        drawn_by="qa-li",
        drawn_at=at,
    )


def proposal_of(contact_id: str, period: str) -> Proposal:
    """A proposal with a quote."""
    quote = Quote(contact_id=contact_id, criterion_id="greeting", text=SENTENCE)
    figure = Figure(of="total", period=period, points=90.0, contacts=(contact_id,), quotes=(quote,))
    return Proposal(
        id=f"p-{period}",
        period=period,
        kind=ProposalKind.IMPROVEMENT_PLAN,
        subject="A01",
        name="improvement_plan",
        title=Text(zh="改进", en="Improve"),
        evidence=(),
        figures=(figure,),
        points=None,
        due_on=None,
        rules="r@1",
        proposed_at=NOW,
    )


def incident_of(contact_id: str, at: datetime) -> Incident:
    """An incident that names a contact."""
    return Incident(
        id=f"i-{at:%Y%m}",
        agent_id="A01",
        happened_on=at.date(),
        kind=IncidentKind.BAD,
        title="Late",
        evidence="Seen.",
        contacts=(contact_id,),
        indicator=None,
        recorded_by="hr",
        recorded_at=at,
    )


def appeal_of(contact_id: str, period: str) -> Appeal:
    """An appeal on a criterion of a contact."""
    return Appeal(
        id=f"a-{period}",
        agent_id="A01",
        period=period,
        version=1,
        contact_id=contact_id,
        scorecard_id="zh-telephone",
        criterion_id="greeting",
        contested=None,
        indicator=None,
        statement="I greeted.",
        filed_by="A01",
        filed_at=NOW,
        due_on=NOW.date(),
    )


def step_of(machine: str, subject: str, to_state: str, at: datetime, number: int = 1) -> Transition:
    """A logged step into a state."""
    return Transition(
        machine=machine,
        subject=subject,
        number=number,
        name="step",
        from_state="any",
        to_state=to_state,
        actor="hr",
        role=StaffRole.HR,
        reason="",
        at=at,
    )


def found_in(store: Store, home: Path, *words: str) -> list[str]:
    """Return where any of these words stands: files of the home with every byte, and tables."""
    wanted = [word.encode() for word in words]
    places = [
        str(path.relative_to(home))
        for path in sorted(home.rglob("*"))
        if path.is_file() and any(word in path.read_bytes() or word.decode() in path.name for word in wanted)
    ]
    reflected = MetaData()
    reflected.reflect(store.engine)
    with store.engine.connect() as connection:
        for table in reflected.sorted_tables:
            for row in connection.execute(select(table)):
                if any(word in str(value) for value in row for word in words):
                    places.append(table.name)
                    break
    return places
