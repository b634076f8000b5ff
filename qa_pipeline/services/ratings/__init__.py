"""Ratings by people: importing them, forms for raters, and their part in an evaluation."""

from qa_pipeline.services.ratings.importing import RatingImport, add_rating, import_ratings, rated_indicator
from qa_pipeline.services.ratings.observe import merge_period, observe_ratings
from qa_pipeline.services.ratings.sheet import write_sheet

__all__ = [
    "RatingImport",
    "add_rating",
    "import_ratings",
    "merge_period",
    "observe_ratings",
    "rated_indicator",
    "write_sheet",
]
