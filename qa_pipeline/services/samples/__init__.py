"""Samples of contacts for review: drawing, auditing, and the sheets that reviewers fill in."""

from qa_pipeline.services.samples.audit import Audit, FilterCount, LeftOutGroup, audit_sample, reviewed_contacts
from qa_pipeline.services.samples.drawing import Drawn, draw_sample
from qa_pipeline.services.samples.plan import SamplePlan, make_plan
from qa_pipeline.services.samples.sheet import write_sheet

__all__ = [
    "Audit",
    "Drawn",
    "FilterCount",
    "LeftOutGroup",
    "SamplePlan",
    "audit_sample",
    "draw_sample",
    "make_plan",
    "reviewed_contacts",
    "write_sheet",
]
