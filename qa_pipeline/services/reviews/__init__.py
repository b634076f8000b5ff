"""People's reviews: importing them, and what they say beside the machine."""

from qa_pipeline.services.reviews.values import (
    EffectiveContact,
    LeftOut,
    ReviewedContact,
    ReviewedValues,
    effective_contacts,
    reviewed_values,
)

__all__ = [
    "EffectiveContact",
    "LeftOut",
    "ReviewedContact",
    "ReviewedValues",
    "effective_contacts",
    "reviewed_values",
]
