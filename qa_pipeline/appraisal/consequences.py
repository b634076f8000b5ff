"""Whether anything may follow from a result. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.errors import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsequenceLine:
    """Below ``points`` a result needs ``reviews`` reviews by people before anything may follow from it."""

    points: float = 70.0
    reviews: int = 3


def find_no_consequence(evaluation: Evaluation, line: ConsequenceLine) -> Reason | None:
    """Return why nothing may follow from a result, or None where something may.

    A low result that only a machine has found is no ground for anything that falls on a person. Where the machine has
    judged no contact, there is nothing that people could review.
    """
    if evaluation.total is None:
        return Reason(message=N_("There is no total: nothing may follow from this result."))
    if evaluation.n_contacts and evaluation.total < line.points and evaluation.n_reviews < line.reviews:
        return Reason(
            message=N_(
                "Below {line} points a result needs {needed} reviews by people and has {count}: nothing may follow "
                "from it."
            ),
            params={"line": line.points, "needed": line.reviews, "count": evaluation.n_reviews},
        )
    return None
