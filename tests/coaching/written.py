"""Talks and coaching plans as somebody might have written them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from qa_pipeline.domain.coaching_plan import (
    CoachingPlan,
    FocusKind,
    GapKind,
    MicroSession,
    PlanFocus,
    SmartGoal,
)
from qa_pipeline.domain.talk import Outline, Talk, TalkBehaviour, TalkMoment

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CALL = "call-1"


def a_talk(talk_id: str = "t-1", *, contact_id: str = CALL, quote: str = "您好", **more: Any) -> Talk:
    """A drafted talk with a good moment and one behaviour, both in one contact."""
    moment = TalkMoment(contact_id=contact_id, quote=quote)
    behaviour = TalkBehaviour(
        criterion_id="greeting",
        name="问候语",
        count=4,
        total=10,
        low=0.17,
        high=0.69,
        site_ratio=0.8,
        note="Keep one opening sentence.",
        moments=(moment,),
    )
    written = {
        "aim": "Look together at 2026-10.",
        "readers": "You, your supervisor, and personnel.",
        "praise": "A calm answer.",
        "causes_note": "",
        "goal": "What would you like to be different?",
        "reality": "How is it now?",
        "options": "What could you do?",
        "will": "What will you do?",
        "smart_goal": "问候语: from 40% to at least 60%.",
        "if_then": "If a call comes in, then I greet first.",
        "support": "Time to practise.",
        "objection": "Items can be appealed until 2026-12-03.",
    }
    outline = Outline(
        praise_moments=(moment,), behaviours=(behaviour,), causes=(), follow_ups=(), **(written | more.pop("words", {}))
    )
    values: dict[str, Any] = {
        "id": talk_id,
        "agent_id": "A01",
        "period": "2026-10",
        "version": 1,
        "result_version": None,
        "facts": (),
        "outline": outline,
        "meets_at": None,
        "place": "",
        "due_on": None,
        "self_assessment": "",
        "agent_notes": "",
        "drafted_by": "coach",
        "drafted_at": NOW,
    }
    return Talk(**(values | more))


def a_plan(plan_id: str = "p-1", *, contact_id: str = CALL, quote: str = "喂？", **more: Any) -> CoachingPlan:
    """A drafted plan on a greeting that the agent met in 4 of 10 contacts; begun when `started_on` is given."""
    started_on: date | None = more.get("started_on")
    values: dict[str, Any] = {
        "id": plan_id,
        "agent_id": "A01",
        "selected_period": "2026-10",
        "version": 1,
        "coach": "zhao",
        "focus": PlanFocus(
            kind=FocusKind.CRITERION,
            id="greeting",
            name="问候语",
            count=4,
            total=10,
            low=0.17,
            high=0.69,
            site_ratio=0.8,
        ),
        "gap_kind": GapKind.SKILL,
        "behaviour": "Keep one opening sentence.",
        "practice": "Record it three times.",
        "goal": SmartGoal(words="问候语: from 40% to at least 60%.", from_value=0.4, to_value=0.6, due_on=None),
        "if_then": "If a call comes in, then I greet first.",
        "good": None,
        "improve": TalkMoment(contact_id=contact_id, quote=quote),
        "sessions": tuple(
            MicroSession(day=day, planned_on=started_on + timedelta(days=day) if started_on else None)
            for day in (0, 3, 10, 24)
        ),
        "due_on": None,
        "started_on": started_on,
        "waiting_list_id": None,
        "agent_notes": "",
        "reached": "",
        "follow_up_on": None,
        "drafted_at": NOW,
    }
    return CoachingPlan(**(values | more))
