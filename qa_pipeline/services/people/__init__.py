"""One person's data: everything of it in one file, and erasing it."""

from qa_pipeline.services.people.erase import Erasure, audited_subject, erase_agent, erase_customer
from qa_pipeline.services.people.export import export_agent, export_customer

__all__ = ["Erasure", "audited_subject", "erase_agent", "erase_customer", "export_agent", "export_customer"]
