"""What single answers of customers make of the indicators of satisfaction."""

from __future__ import annotations

from collections.abc import Mapping

SATISFIED_SHARE = 0.75  # the top two boxes of five: (4 - 1) / (5 - 1)
_PROMOTER, _PASSIVE = 9, 7

Scale = tuple[float, float]


def rating_values(rating: float, scale: Scale) -> Mapping[str, float]:
    """Return the part of a rating in two indicators: satisfied or not, and the rating carried to 1-5.

    Satisfied are ratings in the upper quarter of the scale: 4 and 5 of 1-5, 8 to 10 of 1-10.
    """
    share = _share(rating, scale)
    return {"csat": float(share >= SATISFIED_SHARE), "satisfaction_rating": 1 + 4 * share}


def promoter_value(answer: float) -> float:
    """Return the part of an answer of 0 to 10 in the net promoter score, whose mean is % promoters less % detractors.

    100 for 9 and 10, 0 for 7 and 8, -100 below (F. Reichheld, Harvard Business Review 81(12), 2003, p. 46).
    """
    return 100.0 if answer >= _PROMOTER else 0.0 if answer >= _PASSIVE else -100.0


def satisfaction_index(
    answers: Mapping[str, float], scales: Mapping[str, Scale], weights: Mapping[str, float]
) -> float:
    """Return the index of one survey, 0 to 100: the weighted mean of its answers, each carried to 0-100.

    With scales of 1-10 this is (w1 (x1 - 1) + w2 (x2 - 1) + w3 (x3 - 1)) / 9 x 100, the score of the American Customer
    Satisfaction Index (C. Fornell and others, Journal of Marketing 60, 1996, p. 7), whose own weights are not public.
    """
    total = sum(weights[name] for name in answers)
    return sum(100 * weights[name] / total * _share(answer, scales[name]) for name, answer in answers.items())


def _share(rating: float, scale: Scale) -> float:
    low, high = scale
    return (rating - low) / (high - low)
