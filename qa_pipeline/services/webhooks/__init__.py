"""Telling other programs what has happened: messages are kept with what they tell of, then signed and sent."""

from qa_pipeline.services.webhooks.outbox import emit

__all__ = ["emit"]
