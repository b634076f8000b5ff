"""The store: contacts, inspections, KPI records, evaluations, runs and problems in SQLite or PostgreSQL."""

from qa_pipeline.store.database import PostgresOptions, Store, connect_store, open_store
from qa_pipeline.store.repositories import Problem, Transaction

__all__ = ["PostgresOptions", "Problem", "Store", "Transaction", "connect_store", "open_store"]
