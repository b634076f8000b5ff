"""Scorecards as files: read, checked, listed and chosen."""

from qa_pipeline.scorecards.library import choose_scorecard, get_scorecard, list_scorecards, scorecard_paths
from qa_pipeline.scorecards.parse import check_scorecard, read_scorecard

__all__ = [
    "check_scorecard",
    "choose_scorecard",
    "get_scorecard",
    "list_scorecards",
    "read_scorecard",
    "scorecard_paths",
]
