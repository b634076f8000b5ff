"""What the commands of the performance cycle share: who acts in which role, time, and words for states and figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from callqa.cli.console import AppContext
from qa_pipeline.appraisal.workflow import Attempt, get_workflow
from qa_pipeline.domain.cycle import StaffRole, Transition
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import moment_text


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def attempt(by: str, role: StaffRole, reason: str = "") -> Attempt:
    """Return who acts, in which role and why."""
    return Attempt(actor=by, role=role, reason=reason)


def state_text(here: AppContext, machine: str, state: str) -> str:
    """Return a state's name in the reader's language."""
    return get_workflow(machine).get_state(state).name.in_language(here.settings.lang)


def today(here: AppContext) -> date:
    """Return the site's day."""
    return now().astimezone(here.settings.zone).date()


def step_document(step: Transition) -> dict[str, Any]:
    """Return a logged step."""
    return {
        "step": step.name,
        "from": step.from_state,
        "to": step.to_state,
        "by": step.actor,
        "role": step.role.value,
        "reason": step.reason,
        "at": step.at.isoformat(),
    }


def print_steps(here: AppContext, machine: str, steps: Sequence[Transition]) -> None:
    """Print who took which step when and why."""
    workflow = get_workflow(machine)
    for step in steps:
        line = N_("  {moment} {step}: {actor}, {reason}") if step.reason else N_("  {moment} {step}: {actor}")
        here.say(
            line,
            moment=moment_text(step.at, here.settings.zone),
            step=workflow.get_step(step.name).name.in_language(here.settings.lang),
            actor=step.actor,
            reason=step.reason,
        )
