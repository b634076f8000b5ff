"""The store: contacts, inspections, KPI records, evaluations, runs and problems in SQLite or PostgreSQL."""

from qa_pipeline.store.database import Store, open_store
from qa_pipeline.store.repositories import Problem, Transaction

__all__ = ["Problem", "Store", "Transaction", "open_store"]
