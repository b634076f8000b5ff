"""Coaching focus out of a store and into the report."""

import pytest

from coaching.focus import build_coached_report, focus_of, read_focus
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.store import Store
from tests import factories

RULES = Rulebook(scorecards=[factories.scorecard()])


def test_focus_is_in_words_with_moments_and_advice() -> None:
    (row,) = focus_of(factories.month_of_contacts(), RULES, "en")["A05"]
    assert row.criterion == "Greeting"
    assert (row.met.count, row.met.total) == (2, 12)  # A05 greets in the 1st and 7th of twelve calls
    assert row.action.startswith("Keep one opening sentence")
    assert row.good is not None
    assert row.good.quote == "您好，很高兴为您服务，请问有什么可以帮您？"
    assert row.improve is not None
    assert (row.improve.quote, row.improve.reason) == ("", "None of the expected phrases was said.")


def test_only_who_falls_short_has_a_focus() -> None:
    assert set(focus_of(factories.month_of_contacts(), RULES, "zh")) == {"A05"}


def test_the_report_carries_the_focus_of_its_month(store: Store) -> None:
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for contact, inspection in factories.month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r")
    report = build_coached_report(store, "2026-10", "zh", rulebook=RULES)
    focused = {agent.agent_id: [row.criterion for row in agent.focus] for agent in report.agents if agent.focus}
    assert focused == {"A05": ["开场问候"]}
    assert read_focus(store, "2026-10", "zh", rulebook=RULES, agent_id="A01") == {}
    assert read_focus(store, "2026-09", "zh", rulebook=RULES) == {}


def test_a_wrong_month_is_refused(store: Store) -> None:
    with pytest.raises(ConfigurationError):
        read_focus(store, "10/2026", "zh", rulebook=RULES)
