"""Reviews by three invented people who differ in severity: what the scripts hold, judged with their habits.

Nobody listened to anything. For each contact the recipe knows from its script which criteria are met; a reviewer's
habit then moves some of the soft ones by a step. Which contacts they see is drawn as ``callqa samples draw`` draws:
four of each agent, two of these a second time by somebody else, four by everybody who knows the language, and four
that a complaint or a flag brought up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from qa_pipeline.appraisal.sampling import PerGroup, random_numbers
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.scorecards import get_scorecard
from tools.demo_set.chats import Chat
from tools.demo_set.dialogues import Call, read_yaml

PERIOD = (2026, 10)
PER_AGENT = 4
DOUBLE_COUNT = 2
CALIBRATION_COUNT = 4
HEADER = [
    "联系编号",
    "复核人",
    "评分项",
    "结论",
    "服务态度",
    "抽样方式",
    "入样概率",
    "盲评",
    "复核日期",
]
WORDS = {
    Outcome.MET: "符合",
    Outcome.PARTLY_MET: "部分符合",
    Outcome.NOT_MET: "不符合",
    Outcome.NOT_APPLICABLE: "不适用",
}
_STEPS = (Outcome.NOT_MET, Outcome.PARTLY_MET, Outcome.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact that can be reviewed: whose it is, and what its script holds."""

    id: str
    agent: str
    language: str
    card: str
    found: Mapping[str, Any]
    invites_rating: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One review to be written: who, why and with which chance."""

    contact: Contact
    reviewer: Mapping[str, Any]
    selection: str
    chance: float | None


def review_rows(calls: Sequence[Call], chats: Sequence[Chat], seed: int) -> list[list[str]]:
    """Return the table of reviews of the last month, a row per criterion."""
    recipe = read_yaml("reviews.yaml")
    draw = Random(seed)  # noqa: S311 -- a recipe, no secret
    rows = [HEADER]
    for place, task in enumerate(_tasks(_contacts(calls, chats, recipe), recipe, seed)):
        rows += _written(task, recipe["soft"], f"2026-11-{2 + place % 5:02d}", draw)
    return rows


def _contacts(calls: Sequence[Call], chats: Sequence[Chat], recipe: Mapping[str, Any]) -> list[Contact]:
    """Return the contacts of the month that the demo inspects, by id."""
    found = [
        Contact(
            id=call.id,
            agent=call.agent,
            language=call.language,
            card=f"phone-{call.language}",
            found=recipe["calls"][call.id],
            invites_rating=None,
        )
        for call in calls
        if call.id in recipe["calls"]
    ]
    for chat in chats:
        began = chat.messages[0].sent_at
        if (began.year, began.month) == PERIOD:
            found.append(
                Contact(
                    id=chat.id,
                    agent=chat.agent["id"],
                    language=chat.language,
                    card="chat",
                    found=recipe["chats"][chat.style],
                    invites_rating=any(word in chat.messages[-1].text for word in ("rate this chat", "评价")),
                )
            )
    return sorted(found, key=lambda contact: contact.id)


def _tasks(contacts: Sequence[Contact], recipe: Mapping[str, Any], seed: int) -> list[Task]:
    """Return the reviews to be written; nobody reviews a contact twice."""
    tasks: dict[tuple[str, str], Task] = {}

    def add(contact: Contact, reviewer: Mapping[str, Any], selection: str, chance: float | None) -> None:
        tasks.setdefault(
            (contact.id, reviewer["name"]),
            Task(contact=contact, reviewer=reviewer, selection=selection, chance=chance),
        )

    everything = np.zeros(len(contacts), dtype=np.intp)
    for contact, chance in _draw(contacts, everything, CALIBRATION_COUNT, seed + 2):
        for reviewer in _able(contact, recipe):
            add(contact, reviewer, "校准", chance)
    agents = np.unique([contact.agent for contact in contacts], return_inverse=True)[1]
    drawn = _draw(contacts, agents, PER_AGENT, seed)
    for place, (contact, chance) in enumerate(drawn):
        able = _able(contact, recipe)
        add(contact, able[place % len(able)], "随机", chance)
    # Everybody who can has judged the calibration contacts already.
    once = [
        contact for contact, _ in drawn if any((contact.id, one["name"]) not in tasks for one in _able(contact, recipe))
    ]
    first_chances = {contact.id: chance for contact, chance in drawn}
    for contact, chance in _draw(once, np.zeros(len(once), dtype=np.intp), DOUBLE_COUNT, seed + 1):
        second = next(one for one in _able(contact, recipe) if (contact.id, one["name"]) not in tasks)
        add(contact, second, "双评", first_chances[contact.id] * chance)
    by_id = {contact.id: contact for contact in contacts}
    for contact_id, selection in recipe["targeted"].items():
        contact = by_id[contact_id]
        free = [one for one in _able(contact, recipe) if (contact_id, one["name"]) not in tasks]
        if free:
            add(contact, free[0], selection, None)
    return list(tasks.values())


def _able(contact: Contact, recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in recipe["reviewers"] if contact.language in one["languages"]]


def _draw(contacts: Sequence[Contact], groups: Any, size: int, seed: int) -> list[tuple[Contact, float]]:
    design = PerGroup(groups, size)
    chosen = design.draw(random_numbers(seed, [contact.id for contact in contacts]))
    return [
        (contact, float(chance))
        for contact, chance, is_chosen in zip(contacts, design.probability, chosen, strict=True)
        if is_chosen
    ]


def _written(task: Task, soft: Sequence[str], day: str, draw: Random) -> Iterator[list[str]]:
    contact, reviewer = task.contact, task.reviewer
    attitude = contact.found["attitude"] + reviewer["attitude"] + draw.gauss(0, 0.2)
    rounded = min(5.0, max(1.0, round(2 * attitude) / 2))
    chance = "" if task.chance is None else f"{task.chance:.6f}"
    for criterion in get_scorecard(contact.card, 1).criteria:
        outcome = _habit(_truth(contact, criterion.id), criterion.id in soft, reviewer, draw)
        judged = [criterion.id, WORDS[outcome], f"{rounded:g}"]
        yield [contact.id, reviewer["name"], *judged, task.selection, chance, "是", day]


def _truth(contact: Contact, criterion_id: str) -> Outcome:
    if criterion_id == "invite_rating" and contact.invites_rating is not None:
        return Outcome.MET if contact.invites_rating else Outcome.NOT_MET
    for outcome in (Outcome.NOT_APPLICABLE, Outcome.PARTLY_MET, Outcome.NOT_MET):
        if criterion_id in contact.found.get(outcome.value, ()):
            return outcome
    return Outcome.MET


def _habit(truth: Outcome, is_soft: bool, reviewer: Mapping[str, Any], draw: Random) -> Outcome:
    """Move a soft criterion by a step, as often as the reviewer does."""
    strict, lenient = draw.random() < reviewer["strict"], draw.random() < reviewer["lenient"]
    if truth not in _STEPS or not is_soft:
        return truth
    step = _STEPS.index(truth) - strict + lenient
    return _STEPS[min(2, max(0, step))]
