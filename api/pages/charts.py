"""A chart as the page's module takes it: Plotly's document, with colours by their names in the stylesheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """``data``: Plotly's traces; ``layout``: what differs from the pages' layout; ``label``: what it shows, in words.

    Colours are written as ``--met``, ``--accent``: the browser fills them in for the scheme in use.
    """

    data: Sequence[Mapping[str, Any]]
    label: str
    layout: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> Mapping[str, Any]:
        """What the module reads."""
        return {"data": list(self.data), "layout": dict(self.layout)}
