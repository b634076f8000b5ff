"""What must be there before any risk is computed or shown. The module is off until all of it is.

Evaluating workers is a high-risk use: it needs an assessment of its impact, a notice to those concerned and a named
person who answers for it (EU AI Act annex III 4(b), 26(7); GDPR 35; PIPL 55).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from qa_pipeline.domain.risk import ProofFile, RiskChecklist
from qa_pipeline.errors import N_, Conflict, InputError
from qa_pipeline.store import Transaction

TEMPLATES = Path(__file__).parent / "templates"
_SMALLEST_BYTES = 200
_UNFILLED = ("[…]", "[...]")


def check_open(tx: Transaction) -> RiskChecklist:
    """Return the checklist; raises Conflict while something of it is missing."""
    found = tx.risk.checklist()
    if not found.is_complete:
        raise Conflict(
            N_("The risk module is off: its checklist is not complete."),
            hint=N_("It needs an impact assessment, a notice to the staff and a named owner: `callqa risk checklist`."),
        )
    return found


def complete_checklist(
    tx: Transaction,
    *,
    impact_assessment: ProofFile | None,
    staff_notice: ProofFile | None,
    owner: str | None,
    by: str,
    now: datetime,
) -> RiskChecklist:
    """Put in what is given and keep the rest."""
    if owner is not None and not owner.strip():
        raise InputError(N_("The owner is missing."), hint=N_("Name the person who answers for it."), field="owner")
    old = tx.risk.checklist()
    new = replace(
        old,
        impact_assessment=impact_assessment or old.impact_assessment,
        staff_notice=staff_notice or old.staff_notice,
        owner=owner.strip() if owner is not None else old.owner,
        completed_by=by,
        completed_at=now,
    )
    tx.risk.set_checklist(new)
    return new


def withdraw_checklist(tx: Transaction, *, by: str, now: datetime) -> RiskChecklist:
    """Empty the checklist, which puts the module off at once."""
    emptied = RiskChecklist(completed_by=by, completed_at=now)
    tx.risk.set_checklist(emptied)
    return emptied


def proof_of(name: str, content: bytes) -> ProofFile:
    """Return what is kept of a document.

    Raises
    ------
    InputError
        It is hardly longer than a headline, or still has the gaps of the template.
    """
    if len(content) < _SMALLEST_BYTES:
        raise InputError(
            N_("The document {name} is too short to be one."), hint=N_("Hand in the finished document."), name=name
        )
    if any(gap.encode() in content for gap in _UNFILLED):
        raise InputError(
            N_("The document {name} still has gaps of the template to fill in: […]."),
            hint=N_("Fill them in, then hand it in again."),
            name=name,
        )
    return ProofFile(name=Path(name).name[:200], sha256=hashlib.sha256(content).hexdigest())


def list_templates() -> list[Path]:
    """Return the skeletons of both documents in both languages."""
    return sorted(TEMPLATES.glob("*.md"))
