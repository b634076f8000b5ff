"""Roles, ratings and critical incidents of the invented staff, around the same hidden quality as the indicators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.kpi.catalogue import shipped

PERIOD = "2026-10"
ROLE_NAMES = {"front-line": "一线坐席", "new-hire": "新员工", "team-lead": "组长"}
# A rating of an average agent, what one unit of quality moves, and how much milder people are with themselves.
MEAN, PER_QUALITY, SELF_MILDNESS, NOISE = 3.6, 0.5, 0.4, 0.3

Agent = Mapping[str, Any]


def role_of(agent_id: str, staff: Mapping[str, Any]) -> str:
    """Return the role of an agent in October, which is also the id of the template."""
    if any(lead["agent"] == agent_id for lead in staff["leads"]):
        return "team-lead"
    return "new-hire" if agent_id in staff["new_hires"] else "front-line"


def assignment_rows(agents: Sequence[Agent], staff: Mapping[str, Any]) -> list[list[str]]:
    """Return who has which role and team from which day on, with one change of teams inside the month."""
    rows = [["工号", "姓名", "岗位", "班组", "生效日期"]]
    for agent in agents:
        role = ROLE_NAMES[role_of(agent["id"], staff)]
        since = staff["new_hires"].get(agent["id"], staff["since"])
        moved = staff["moved"].get(agent["id"])
        rows.append([agent["id"], agent["name"], role, moved["before"] if moved else agent["team"], f"{since}"])
        if moved:
            rows.append([agent["id"], agent["name"], role, agent["team"], f"{moved['since']}"])
    return rows


def rating_rows(agents: Sequence[Agent], staff: Mapping[str, Any], seed: int) -> list[list[str]]:
    """Return ratings by the agents themselves and by their leads; of leads by everybody around them."""
    draw = Random(seed)  # noqa: S311 -- a recipe, no secret
    leads = {lead["team"]: lead for lead in staff["leads"]}
    rows = [["工号", "月份", "评分人", "评价关系", "指标", "评分", "说明"]]
    for agent in agents:
        lead = leads[agent["team"]]
        for rater, relation, severity, always in _raters(agent, lead, agents, staff):
            for indicator in _rated(role_of(agent["id"], staff)):
                value = always or _value(agent["quality"], severity, draw)
                comment = staff["poor"] if value <= 2 else staff["top"] if value == 5 and not always else ""
                rows.append([agent["id"], PERIOD, rater, relation, indicator, f"{value:g}", comment])
    return rows


def _raters(
    agent: Agent, lead: Mapping[str, Any], agents: Sequence[Agent], staff: Mapping[str, Any]
) -> Iterator[tuple[str, str, float, float | None]]:
    """Yield who rates an agent, as what, how strictly, and the value that is given to everybody."""
    yield agent["id"], "自评", SELF_MILDNESS, None
    if agent["id"] != lead["agent"]:
        yield lead["agent"], "上级", lead["severity"], lead.get("always")
        return
    yield lead["manager"], "上级", 0.0, None
    for peer in staff["leads"]:
        if peer is not lead:
            yield peer["agent"], "同事", 0.0, None
    for other in agents:
        if other["team"] == agent["team"] and other["id"] != agent["id"]:
            yield other["id"], "下级", 0.0, None


def _rated(role: str) -> list[str]:
    catalogue = shipped()
    return [
        item.indicator for item in get_template(role, catalogue).items if catalogue[item.indicator].source == RATING
    ]


def _value(quality: float, severity: float, draw: Random) -> float:
    exact = MEAN + PER_QUALITY * quality + severity + draw.gauss(0, NOISE)
    return min(5.0, max(1.0, round(2 * exact) / 2))


def figure_rows(agents: Sequence[Agent], staff: Mapping[str, Any], months: Sequence[str], seed: int) -> list[list[str]]:
    """Return what personnel keeps of each month in which somebody was there; who does worse works longer."""
    draw = Random(seed)  # noqa: S311 -- a recipe, no secret
    rows = [["工号", "月份", "加班小时", "缺勤天数", "排班变动次数", "距上次调薪月数"]]
    for agent in agents:
        since = staff["new_hires"].get(agent["id"], staff["since"])
        raised_on = since.month if agent["id"] in staff["new_hires"] else draw.randint(since.month, 7)
        for month in (month for month in months if month >= f"{since:%Y-%m}"):
            overtime_h = max(0.0, draw.gauss(9 - 2 * agent["quality"], 3))
            absent_days = sum(draw.random() < 0.02 for _ in range(21))
            changes = sum(draw.random() < 0.25 for _ in range(4))
            figures = (f"{overtime_h:.1f}", f"{absent_days}", f"{changes}", f"{int(month[5:]) - raised_on}")
            rows.append([agent["id"], month, *figures])
    return rows


def incident_rows(staff: Mapping[str, Any]) -> list[list[str]]:
    """Return what happened to whom, with what shows it."""
    head = ["工号", "日期", "类型", "事件", "证据", "联系编号", "指标", "记录人"]
    return [head, *([f"{cell}" for cell in row] for row in staff["incidents"])]
