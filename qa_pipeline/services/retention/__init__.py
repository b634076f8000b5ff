"""How long things are kept: rules by time, legal holds before all of them, and what was deleted."""

from qa_pipeline.services.retention.apply import Doer, apply_retention, finish_deletion, finish_deletions, forget_risk
from qa_pipeline.services.retention.contacts import delete_contacts
from qa_pipeline.services.retention.holds import hold, list_holds, release
from qa_pipeline.services.retention.keeping import Keeps, Kept, of_customer, read_kept
from qa_pipeline.services.retention.plan import PlannedRule, Terms, plan_retention

__all__ = [
    "Doer",
    "Keeps",
    "Kept",
    "PlannedRule",
    "Terms",
    "apply_retention",
    "delete_contacts",
    "finish_deletion",
    "finish_deletions",
    "forget_risk",
    "hold",
    "list_holds",
    "of_customer",
    "plan_retention",
    "read_kept",
    "release",
]
