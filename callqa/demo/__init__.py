"""The demo set: recordings, chats and tables of invented companies, made by ``tools/make_demo_data.py``."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data"
RECORDINGS = DATA / "recordings"
METADATA = RECORDINGS / "metadata.csv"
CHATS = DATA / "chats"
KPIS = DATA / "kpi"
REFERENCES = DATA / "references.csv"
PERIODS = ("2026-08", "2026-09", "2026-10")
