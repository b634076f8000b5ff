"""What causes and kinds of gap are called, on pages and on paper."""

from __future__ import annotations

from qa_pipeline.domain.coaching_plan import GapKind
from qa_pipeline.domain.talk import Cause
from qa_pipeline.errors import N_

CAUSES = {
    Cause.SKILL: N_("skill: knows it, needs practice"),
    Cause.KNOWLEDGE: N_("knowledge: did not know it"),
    Cause.PROCESS: N_("process: the rule or script is in the way"),
    Cause.SYSTEM: N_("system: tools or data are in the way"),
    Cause.ROSTER: N_("roster: time, load, shifts"),
}
GAP_KINDS = {
    GapKind.SKILL: N_("skill: knows it, needs practice"),
    GapKind.KNOWLEDGE: N_("knowledge: did not know it"),
    GapKind.PROCESS: N_("process: the rule or script is in the way"),
    GapKind.WORKLOAD: N_("workload: time, load, shifts"),
}
