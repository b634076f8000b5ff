"""The application over a filled store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.account import User
from qa_pipeline.domain.annotation import (
    AbuseHint,
    Annotation,
    AttitudeMark,
    AttitudeScore,
    ContactReason,
    ContactSatisfaction,
    CourseEvent,
    Move,
    MoveKind,
    Sentiment,
    SentimentLabel,
    TurningPoint,
    TurnSatisfaction,
)
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import ChannelLanguage, TranscriptQuality
from qa_pipeline.errors import NeedsModel
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.scoring.full_text import searchable
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store, Transaction, open_store
from tests import factories
from tests.accounts import an_account, bearer
from tests.conftest import ZONE

RULES = Rulebook(scorecards=[factories.scorecard()], indicators=factories.INDICATORS, templates=[factories.template()])
RED_LINE_CALL = "20261003-A06"
ONE_CHANNEL_CALL = "20261001-A01"


def said() -> Annotated:
    """What was said in the call with the red line: the abuse is utterance 14."""
    lines = [(Role.AGENT if number % 2 == 0 else Role.CUSTOMER, f"第{number}句。") for number in range(16)]
    lines[3] = (Role.CUSTOMER, "我的快递三天了还没有到！")
    lines[14] = (Role.AGENT, "你有病吧，爱投诉就去投诉。")
    sentiments = tuple(
        Sentiment(utterance=index, label=label, score=score, confidence=0.8)
        for index, label, score in (
            (1, SentimentLabel.NEUTRAL, 0.0),
            (3, SentimentLabel.NEGATIVE, -0.8),
            (14, SentimentLabel.NEGATIVE, -0.9),
        )
    )
    return Annotated(
        transcript=factories.transcript(lines),
        facts=Facts(duration_s=245.0),
        annotation=Annotation(
            sentiments=sentiments,
            courses=(),
            attitude=(
                AttitudeScore(
                    dimension="courtesy",
                    value=2.0,
                    confidence=0.8,
                    marks=(
                        AttitudeMark(utterance=0, behaviour="thanks", quote="第0句", effect=0.25),
                        AttitudeMark(utterance=14, behaviour="dismissive", quote="爱投诉就去投诉", effect=-0.75),
                    ),
                ),
                AttitudeScore(dimension="empathy", value=None, confidence=0.0),
            ),
            attitude_value=None,
            sentiment_engine="embedded@1",
            masked_count=0,
            moves=(Move(utterance=0, move=MoveKind.GREETING, confidence=0.9, quote="第0句"),),
            move_engine="embedded@1",
            abuse=(AbuseHint(utterance=1, probability=0.97),),
            abuse_engine="embedded@1",
        ),
    )


def said_on_one_channel() -> Annotated:
    """What was said in a call whose speakers were told apart by their voices, and whose words are only a draft."""
    one_channel = replace(
        factories.transcript(),
        quality=TranscriptQuality.DRAFT,
        roles_by="diarization",
        diarizer="resemblyzer@0.1.4",
        diarization_confidence=0.934,
        languages=(ChannelLanguage(channel=0, language="zh", probability=0.97),),
    )
    unjudged = tuple(replace(score, value=None, confidence=0.0) for score in said().annotation.attitude)
    annotation = replace(said().annotation, sentiments=(), attitude=unjudged)
    return replace(said(), transcript=one_channel, annotation=annotation)


def how_it_went(inspection: Inspection) -> Inspection:
    """Return the inspection of the call with the red line: its customer left angry, hardly satisfied, and said why."""
    left = TurningPoint(
        event=CourseEvent.LEFT_ANGRY,
        role=Role.CUSTOMER,
        utterance=3,
        quote="我的快递三天了还没有到！",
        before=0.0,
        after=-0.8,
    )
    turns = (TurnSatisfaction(utterance=1, value=1.1), TurnSatisfaction(utterance=3, value=0.3))
    satisfaction = ContactSatisfaction(value=0.7, ci95=(0.1, 1.3), turns=turns)
    why = ContactReason(category="快递未到", confidence=0.91, utterance=3, quote="我的快递三天了还没有到！")
    return replace(inspection, turning_points=(left,), satisfaction=satisfaction, contact_reason=why)


def fill(store: Store, artifacts: ArtifactFolder) -> None:
    """Put a month of contacts, evaluations and one problem into a store."""
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        tx.runs.start("w", "score")
        for agent in factories.agents():
            tx.agents.put(agent)
        for contact, inspection in factories.month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(how_it_went(inspection) if contact.id == RED_LINE_CALL else inspection, "r")
        for evaluation in factories.month_of_evaluations():
            tx.evaluations.put(evaluation)
        put_words(tx, artifacts)


def put_words(tx: Transaction, artifacts: ArtifactFolder) -> None:
    """Put the words behind two of the month's calls into a store, and a recording that waits for an engine."""
    artifacts.write(said(), "annotate", "f" * 64)
    artifacts.write(said_on_one_channel(), "annotate", "e" * 64)
    tx.utterances.put(RED_LINE_CALL, searchable(said().transcript))
    tx.artifacts.put(RED_LINE_CALL, {"annotate": "f" * 64, "search": "f" * 64})
    tx.artifacts.put(ONE_CHANNEL_CALL, {"annotate": "e" * 64})
    tx.contacts.put(factories.contact("waiting/1", agent_id=None, agent_name=None))
    tx.problems.put("waiting.mp3", "pending", NeedsModel("No engine.", hint="Install one."), "w", "waiting/1")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application over October 2026 in SQLite; nothing in these tests writes but the audit."""
    folder: Path = tmp_path_factory.mktemp("api")
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    yield make_app(store, artifacts, folder)
    store.close()


def make_app(store: Store, artifacts: ArtifactFolder, home: Path) -> FastAPI:
    """Return the application over a store, with the rules of these tests."""
    return create_app(store=store, artifacts=artifacts, rulebook=RULES, site=Site(home=home), options=ServiceOptions())


def client_of(app: FastAPI, user: User | None) -> TestClient:
    """Return a client on the loopback address that somebody, or nobody, is signed in with."""
    headers = bearer(app.state.sources.store, user) if user else {}
    return TestClient(app, base_url="http://127.0.0.1:8000", headers=headers, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def qa_client(app: FastAPI) -> TestClient:
    """A client of a QA analyst of the whole site."""
    return client_of(app, an_account(StaffRole.QA))


@pytest.fixture
def client(qa_client: TestClient) -> TestClient:
    """A client of a QA analyst, without cookies of earlier tests."""
    qa_client.cookies.clear()
    return qa_client


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with October's results published; tests copy it."""
    from tests.api.cycle_site import published

    folder: Path = tmp_path_factory.mktemp("published")
    store = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE)
    published(store, folder)
    store.close()
    return folder
