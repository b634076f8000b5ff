"""The resumable steps of a batch: listen, transcribe, annotate, detect and score."""
