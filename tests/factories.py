"""Builders of realistic domain values for tests. Every argument has a sensible default; nothing is random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from qa_pipeline.domain.contact import Contact, ContactKind, Direction, Role, Source, SourceKind
from qa_pipeline.domain.inspection import Evidence, Finding, Flag, Inspection, Outcome, Reason, Score
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.performance import (
    Agent,
    DimensionResult,
    Evaluation,
    IndicatorDirection,
    ItemResult,
    KpiDefinition,
    Template,
    TemplateDimension,
    TemplateItem,
)
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard, Section, Text
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance

FIRST_OF_OCTOBER = datetime(2026, 10, 1, 1, 30, tzinfo=UTC)

CRITERIA = (
    ("greeting", "opening", "开场问候", "Greeting", 10.0, False),
    ("identity_check", "opening", "核实身份", "Identity check", 10.0, False),
    ("need_confirmed", "solution", "复述并确认客户需求", "Need confirmed in own words", 20.0, False),
    ("empathy", "solution", "共情回应", "Empathic answer to a problem", 20.0, False),
    ("closing", "closing", "结束语与满意度邀请", "Closing words and invitation to rate", 10.0, False),
    ("no_abuse", "red_lines", "不得辱骂客户", "No abuse of the customer", 0.0, True),
)
SECTIONS = {
    "opening": Text(zh="开场", en="Opening"),
    "solution": Text(zh="解决问题", en="Solving the problem"),
    "closing": Text(zh="结束", en="Closing"),
    "red_lines": Text(zh="红线", en="Red lines"),
}


def scorecard(**changes: Any) -> Scorecard:
    """A small Chinese telephone scorecard with one red line."""
    check = Check(detector="phrases", params={"role": "agent", "any": ["您好"]})
    card = Scorecard(
        id="zh-telephone",
        version=1,
        name=Text(zh="中文电话服务评分卡", en="Chinese telephone service"),
        kind=ContactKind.CALL,
        language="zh",
        pass_points=80.0,
        min_coverage_ratio=0.5,
        sections=tuple(
            Section(
                id=section_id,
                name=name,
                criteria=tuple(
                    Criterion(id=key, name=Text(zh=zh, en=en), weight=weight, check=check, fatal=fatal)
                    for key, section, zh, en, weight, fatal in CRITERIA
                    if section == section_id
                ),
            )
            for section_id, name in SECTIONS.items()
        ),
        digest="0" * 64,
    )
    return replace(card, **changes)


def contact(contact_id: str = "C-001", **changes: Any) -> Contact:
    """A Chinese inbound call of agent A01 in October 2026."""
    source = Source(
        kind=SourceKind.AUDIO,
        uri=f"recordings/{contact_id}.flac",
        sha256=sha256(contact_id.encode()).hexdigest(),
        size_bytes=480_000,
    )
    found = Contact(
        id=contact_id,
        kind=ContactKind.CALL,
        sources=(source,),
        agent_id="A01",
        agent_name="王芳",
        team="一组",
        queue="售后",
        direction=Direction.INBOUND,
        started_at=FIRST_OF_OCTOBER,
        language="zh",
        customer_ref="K-77",
        channel_map=(Role.AGENT, Role.CUSTOMER),
    )
    return replace(found, **changes)


def quote(text: str, *, role: Role = Role.AGENT, utterance: int = 0, start_s: float | None = 2.0) -> Evidence:
    """A quote as evidence, three seconds long."""
    end_s = None if start_s is None else start_s + 3.0
    return Evidence(quote=text, utterance=utterance, role=role, start_s=start_s, end_s=end_s)


def finding(
    criterion_id: str = "greeting",
    outcome: Outcome = Outcome.MET,
    *,
    confidence: float = 0.9,
    reason: Reason | None = None,
    evidence: Sequence[Evidence] = (),
) -> Finding:
    """A finding; its reason is plain text that no catalogue knows unless one is given."""
    return Finding(
        criterion_id=criterion_id,
        outcome=outcome,
        confidence=confidence,
        reason=reason or Reason(message="Heard: {phrase}", params={"phrase": "您好"}),
        evidence=tuple(evidence),
    )


def score(points: float | None = 85.0, **changes: Any) -> Score:
    """A score that is fully determined, passed from 80 points on."""
    found = Score(
        points=points,
        uncapped_points=points,
        range_points=None if points is None else (points, points),
        coverage_ratio=0.2 if points is None else 1.0,
        passed=None if points is None else points >= 80,
        fatal=(),
        undetermined_count=0,
        not_applicable_count=0,
    )
    return replace(found, **changes)


def inspection(contact_id: str = "C-001", **changes: Any) -> Inspection:
    """A machine's inspection of a call with a trusted transcript."""
    found = Inspection(
        contact_id=contact_id,
        scorecard_id="zh-telephone",
        scorecard_version=1,
        rater="machine",
        fingerprint=sha256(f"inspection of {contact_id}".encode()).hexdigest(),
        findings=(finding(evidence=[quote("您好，很高兴为您服务")]),),
        score=score(),
        flags=(),
        facts=Facts(duration_s=245.0, agent_talk_ratio=0.55, silence_ratio=0.08, longest_silence_s=6.5),
        language="zh",
        asr_engine="import:vtt",
        transcript_quality="trusted",
        audio_s=245.0,
        script_ratio=0.9,
        attitude_value=4.2,
        customer_sentiment_start=-0.2,
        customer_sentiment_end=0.3,
        created_at=datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        roles_by="labels",
    )
    return replace(found, **changes)


def transcript(lines: Sequence[tuple[Role, str]] = (), **changes: Any) -> Transcript:
    """A trusted transcript with four seconds per utterance."""
    said = lines or (
        (Role.AGENT, "您好，很高兴为您服务，工号一零二四。"),
        (Role.CUSTOMER, "我的快递三天了还没有到，你们到底管不管？"),
        (Role.AGENT, "非常理解您的心情，我马上帮您查询。"),
        (Role.CUSTOMER, "好的，谢谢。"),
    )
    found = Transcript(
        language="zh",
        engine="import:vtt",
        quality=TranscriptQuality.TRUSTED,
        utterances=tuple(
            Utterance(index=index, role=role, text=text, start_s=4.0 * index, end_s=4.0 * index + 3.5)
            for index, (role, text) in enumerate(said)
        ),
        roles_by="labels",
    )
    return replace(found, **changes)


INDICATORS = (
    KpiDefinition(
        id="csat",
        name=Text(zh="客户满意度", en="Customer satisfaction"),
        unit="ratio",
        direction=IndicatorDirection.UP,
        target=0.85,
    ),
    KpiDefinition(
        id="average_handle_time",
        name=Text(zh="平均通话时长", en="Average handle time"),
        unit="s",
        direction=IndicatorDirection.RANGE,
        target=600.0,
        target_low=180.0,
    ),
    KpiDefinition(
        id="script_compliance",
        name=Text(zh="话术规范度", en="Script compliance"),
        unit="ratio",
        direction=IndicatorDirection.UP,
        target=0.95,
        source="inspection",
        measure="script_ratio",
    ),
    KpiDefinition(
        id="service_attitude_score",
        name=Text(zh="服务态度评分", en="Service attitude"),
        unit="scale_1_5",
        direction=IndicatorDirection.UP,
        target=4.5,
        source="inspection",
        measure="attitude_value",
    ),
)


def template(**changes: Any) -> Template:
    """A front-line template 60/20/20 over the four indicators."""
    found = Template(
        id="front-line",
        version=1,
        name=Text(zh="一线客服考核方案", en="Front-line agent"),
        role="front_line",
        dimensions=(
            TemplateDimension(
                id="performance",
                name=Text(zh="业绩", en="Performance"),
                weight=60.0,
                items=(
                    TemplateItem(indicator="csat", weight=40.0),
                    TemplateItem(indicator="average_handle_time", weight=20.0),
                ),
            ),
            TemplateDimension(
                id="ability",
                name=Text(zh="能力", en="Ability"),
                weight=20.0,
                items=(TemplateItem(indicator="script_compliance", weight=20.0),),
            ),
            TemplateDimension(
                id="attitude",
                name=Text(zh="态度", en="Attitude"),
                weight=20.0,
                items=(TemplateItem(indicator="service_attitude_score", weight=20.0),),
            ),
        ),
        grades=(("A", 100.0), ("B", 90.0), ("C", 75.0), ("D", 0.0)),
        min_contacts=5,
        digest="0" * 64,
    )
    return replace(found, **changes)


def item(indicator: str, value: float | None, attainment: float | None, weight: float, **changes: Any) -> ItemResult:
    """One indicator's part with an effective weight equal to its weight."""
    definition = next((each for each in INDICATORS if each.id == indicator), None)
    found = ItemResult(
        indicator=indicator,
        value=value,
        n=40 if value is not None else None,
        source="kpi-2026-10.csv" if value is not None else None,
        target=definition.target if definition else None,
        attainment_points=attainment,
        se_points=3.0 if attainment is not None else None,
        weight=weight,
        effective_weight=weight if attainment is not None else 0.0,
    )
    return replace(found, **changes)


def evaluation(agent_id: str = "A01", total: float | None = 96.0, **changes: Any) -> Evaluation:
    """An evaluation of October 2026 by the front-line template."""
    points = total or 0.0
    dimensions = (
        DimensionResult(
            id="performance",
            points=points,
            weight=60.0,
            effective_weight=60.0,
            items=(
                item("csat", 0.86, points + 2, 40.0, n=212),
                item("average_handle_time", 312.0, points - 4, 20.0, n=640, se_points=None),
            ),
        ),
        DimensionResult(
            id="ability",
            points=points - 3,
            weight=20.0,
            effective_weight=20.0,
            items=(item("script_compliance", 0.91, points - 3, 20.0, source="inspection", n=12),),
        ),
        DimensionResult(
            id="attitude",
            points=points + 1,
            weight=20.0,
            effective_weight=20.0,
            items=(item("service_attitude_score", 4.3, points + 1, 20.0, source="inspection", n=12),),
        ),
    )
    found = Evaluation(
        agent_id=agent_id,
        period="2026-10",
        template_id="front-line",
        template_version=1,
        total=total,
        ci95=None if total is None else (total - 5.0, total + 5.0),
        grade=None if total is None else "B",
        group="insufficient" if total is None else "within",
        dimensions=() if total is None else dimensions,
        n_contacts=12,
        n_reviews=0,
        notes=(),
        fingerprint=sha256(f"evaluation of {agent_id} {total}".encode()).hexdigest(),
    )
    return replace(found, **changes)


STAFF = (
    ("A01", "王芳", "一组"),
    ("A02", "李强", "一组"),
    ("A03", "欧阳慧敏", "一组"),
    ("A04", "Alexandra Papadopoulos-Featherstonehaugh", "English desk"),
    ("A05", "张伟", "二组"),
    ("A06", "刘洋", "二组"),
)


def agents() -> tuple[Agent, ...]:
    """Six people in three teams."""
    return tuple(Agent(id=agent_id, name=name, team=team) for agent_id, name, team in STAFF)


def month_of_contacts(per_agent: int = 12) -> tuple[tuple[Contact, Inspection], ...]:
    """October 2026 of six agents: most calls pass, A05 rarely greets, A06 crosses a red line once, some abstain."""
    return tuple(_inspected(agent_number, number) for agent_number in range(len(STAFF)) for number in range(per_agent))


def _inspected(agent_number: int, number: int) -> tuple[Contact, Inspection]:
    agent_id, name, team = STAFF[agent_number]
    contact_id = f"{FIRST_OF_OCTOBER:%Y%m}{number:02d}-{agent_id}"
    found = contact(
        contact_id,
        agent_id=agent_id,
        agent_name=name,
        team=team,
        started_at=FIRST_OF_OCTOBER + timedelta(days=number * 2, hours=agent_number),
    )
    greets = number % 6 == 0 if agent_id == "A05" else number % 8 != 7
    abuses = agent_id == "A06" and number == 3
    abstains = agent_id == "A04" and number % 5 == 4
    findings = _findings(greets=greets, abuses=abuses, abstains=abstains, number=number)
    points = None if abstains else 0.0 if abuses else 95.0 - 18.0 * (not greets) - 3.0 * (number % 5) - agent_number
    flags = tuple(
        flag
        for flag, is_set in (
            (Flag.RED_LINE, abuses),
            (Flag.ANGRY_CUSTOMER, abuses or (number == 7 and agent_number % 2 == 0)),
            (Flag.LOW_SCORE, points is not None and points < 70),
            (Flag.ABSTAINED, abstains),
            (Flag.POOR_RECOGNITION, abstains),
        )
        if is_set
    )
    return found, inspection(
        contact_id,
        findings=findings,
        flags=flags,
        score=score(
            points,
            range_points=(22.0, 91.0) if abstains else (points, points),
            fatal=("no_abuse",) if abuses else (),
            undetermined_count=4 if abstains else 0,
        ),
        transcript_quality="draft" if abstains else "trusted",
        asr_engine="pocketsphinx@5.1.1" if abstains else "import:vtt",
        customer_sentiment_start=-0.55,
        customer_sentiment_end=-0.8 if abuses else 0.25,
    )


def _findings(*, greets: bool, abuses: bool, abstains: bool, number: int) -> tuple[Finding, ...]:
    unheard = Reason(message="The words are too uncertain to say that this was not said.")
    unsure = Outcome.UNDETERMINED
    greeting = (
        finding("greeting", evidence=[quote("您好，很高兴为您服务，请问有什么可以帮您？")])
        if greets
        else finding("greeting", Outcome.NOT_MET, reason=Reason(message="None of the expected phrases was said."))
    )
    abuse = (
        finding(
            "no_abuse",
            Outcome.NOT_MET,
            reason=Reason(message="A forbidden phrase was said: {phrase}", params={"phrase": "你有病吧"}),
            evidence=[quote("你有病吧，爱投诉就去投诉。", utterance=14, start_s=125.0)],
        )
        if abuses
        else finding("no_abuse", reason=Reason(message="Nothing forbidden was said."))
    )
    empathy = finding(
        "empathy",
        (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_APPLICABLE)[number % 3],
        confidence=0.7,
        evidence=[
            quote("我的快递三天了还没有到！", role=Role.CUSTOMER, utterance=3, start_s=21.0),
            quote("非常理解您的心情，我马上帮您查询。", utterance=4, start_s=26.5),
        ],
    )
    rest = (
        finding("identity_check", unsure if abstains else Outcome.MET, reason=unheard if abstains else None),
        finding("need_confirmed", unsure if abstains else Outcome.MET, reason=unheard if abstains else None),
        empathy,
        finding(
            "closing",
            unsure if abstains else Outcome.NOT_MET if number % 4 == 1 else Outcome.MET,
            reason=unheard if abstains else None,
        ),
        abuse,
    )
    first = finding("greeting", unsure, confidence=0.3, reason=unheard) if abstains else greeting
    return (first, *rest)


def month_of_evaluations() -> tuple[Evaluation, ...]:
    """October 2026 of the six agents: one above, one below, one without enough evidence."""
    return (
        evaluation("A01", 104.0, group="above", grade="A"),
        evaluation("A02", 96.5),
        evaluation("A03", 94.0),
        evaluation(
            "A04",
            None,
            notes=(Reason(message="Only {n} contacts of at least {minimum}.", params={"n": 3, "minimum": 5}),),
        ),
        evaluation("A05", 82.0, group="below", grade="C"),
        evaluation("A06", 93.0),
    )
