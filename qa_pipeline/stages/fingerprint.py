"""Identity of a stage's output: what went in and how it was done."""

from __future__ import annotations

import json
from hashlib import sha256


def fingerprint(stage: str, **inputs: object) -> str:
    """Return the sha256 of a stage's name and inputs, the same in every process and on every machine.

    Parameters
    ----------
    stage : str
        Name of the stage.
    **inputs
        Whatever decides the output: digests of content, fingerprints of earlier stages, versions and parameters. JSON
        values only; anything else raises TypeError, since its text might differ from process to process.
    """
    text = json.dumps({"stage": stage, **inputs}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
