"""People's reviews: importing them, and what they say beside the machine."""

from qa_pipeline.services.reviews.importing import ReviewImport, import_reviews
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
    "ReviewImport",
    "ReviewedContact",
    "ReviewedValues",
    "effective_contacts",
    "import_reviews",
    "reviewed_values",
]
