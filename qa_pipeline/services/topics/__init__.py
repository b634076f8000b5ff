"""Discovery of topics in what customers say first."""

from qa_pipeline.services.topics.discover import Member, Topic, Topics, find_topics, labelled_table
from qa_pipeline.services.topics.grouping import TEXTS_MIN
from qa_pipeline.services.topics.openings import Opening, read_openings

__all__ = [
    "TEXTS_MIN",
    "Member",
    "Opening",
    "Topic",
    "Topics",
    "find_topics",
    "labelled_table",
    "read_openings",
]
