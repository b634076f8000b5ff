"""Hostile inputs, made at run time and the same in every run, with the error that each must be told.

``python -m tests.hostile`` runs all of them through the real commands and the real application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.hostile import archives, audio, models, requests, rules, tables, transcripts
from tests.hostile.case import Verdict

KINDS: Mapping[str, Callable[[Path], Iterator[Verdict]]] = {
    module.KIND: module.drive for module in (audio, transcripts, tables, rules, archives, models, requests)
}
