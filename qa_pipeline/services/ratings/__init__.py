"""Ratings by people: importing them, forms for raters, and their part in an evaluation."""

from qa_pipeline.services.ratings.observe import merge_period, observe_ratings

__all__ = ["merge_period", "observe_ratings"]
