"""Long work in worker processes: jobs are kept in the store, taken by one worker at a time, and go on when one dies."""

from qa_pipeline.services.jobs.queue import discard, draft, enqueue, request_cancel, start

__all__ = ["discard", "draft", "enqueue", "request_cancel", "start"]
