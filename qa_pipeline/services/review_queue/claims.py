"""Taking a contact from the queue for a while, so that nobody else reviews it meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from qa_pipeline.appraisal.workflow import same_person
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import Claim, ClaimEnd, ClaimPurpose
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.errors import N_, Conflict, NotAllowed, NotFound
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.services.contacts import find_annotated
from qa_pipeline.services.review_queue.blindness import has_seen
from qa_pipeline.services.review_queue.listing import Candidate, QueueView, chance_for, first_candidates, is_blind
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Transaction

_PAGE = 20
# People who ask for the next contact at once find the first places taken; each look finds more, so few are enough.
_LOOKS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSheet:
    """What somebody judges a claimed contact by: the masked words and the criteria, and nothing that was found."""

    claim: Claim
    contact: Contact
    inspection: Inspection
    card: Scorecard | None
    transcript: Transcript | None


def claim_next(tx: Transaction, view: QueueView, lease: timedelta) -> Claim:
    """Take the first contact of somebody's queue that is still free, past what others are just about to take.

    Raises
    ------
    NotFound
        Nothing waits.
    """
    tx.claims.lock_claimant(view.person)
    for _ in range(_LOOKS_MAX):
        found = first_candidates(tx, view, _PAGE)
        for one in found:
            claim = _claim_of(tx, one, view, lease)
            if claim is not None and tx.claims.take(claim, waits=False):
                return claim
            own = _find_own(tx, view, one.contact_id)
            if own is not None:
                return own
        if len(found) < _PAGE:
            break
    raise NotFound(N_("Nothing waits for you."), hint=N_("Draw a sample, or look again when contacts have come in."))


def claim_contact(tx: Transaction, view: QueueView, contact_id: str, lease: timedelta) -> Claim:
    """Take a named contact; whoever has it already keeps it as it is.

    What was drawn is taken as drawn. What is in nobody's queue can be taken too: it was chosen by this person, so its
    review counts as one of which nobody says how it was chosen.

    Raises
    ------
    NotFound
        There is no such contact in reach.
    NotAllowed
        It is the person's own.
    Conflict
        Somebody else has it, it is not inspected yet, or the person has seen what must be reviewed blind.
    """
    contact = tx.contacts.get(contact_id)
    view.reach.check(contact.agent_id, contact.team, subject=contact_id)
    check_not_own(contact, view.person)
    if tx.inspections.find(contact_id) is None:
        raise not_inspected(contact_id)
    own = _find_own(tx, view, contact_id)
    if own is not None:
        return own
    waiting = first_candidates(tx, replace(view, contact_id=contact_id), 1)
    claim = _claim_of(tx, waiting[0], view, lease) if waiting else _own_choice(view, contact_id, lease)
    if claim is None:
        raise Conflict(
            N_("You have looked at this contact, and its second review is blind."),
            hint=N_("Leave it to somebody who has not seen what was found."),
        )
    if not tx.claims.take(claim):
        raise Conflict(
            N_("Somebody else is reviewing this contact until {moment}."),
            hint=N_("Take another one, or wait until it is reviewed or released."),
            moment=_until(tx, claim),
        )
    return claim


def get_claim(tx: Transaction, view: QueueView, claim_id: str) -> Claim:
    """Return somebody's own claim that is in force.

    Raises
    ------
    NotFound
        There is no such claim of this person.
    Conflict
        It has ended.
    """
    claim = tx.claims.find(claim_id)
    if claim is None or claim.claimant != view.person:
        raise NotFound(N_("You have no claim with the id {id}."), id=claim_id)
    if not claim.is_open(view.now):
        raise Conflict(
            N_("This claim has ended."),
            hint=N_("Take the contact again; if it is still free, nothing is lost."),
        )
    return claim


def renew_claim(tx: Transaction, view: QueueView, claim_id: str, lease: timedelta) -> Claim:
    """Let a claim last from now on; raises as :func:`get_claim`."""
    claim = get_claim(tx, view, claim_id)
    tx.claims.renew(claim_id, view.now + lease)
    return replace(claim, expires_at=view.now + lease)


def release_claim(tx: Transaction, view: QueueView, claim_id: str) -> Claim:
    """Give a contact back to the queue; raises as :func:`get_claim`."""
    claim = get_claim(tx, view, claim_id)
    tx.claims.end(claim_id, ClaimEnd.RELEASED, view.now)
    return claim


def read_review_sheet(
    tx: Transaction, artifacts: Artifacts, view: QueueView, claim_id: str, cards: Sequence[Scorecard]
) -> ReviewSheet:
    """Return what a claimed contact is judged by; raises as :func:`get_claim`."""
    claim = get_claim(tx, view, claim_id)
    contact = tx.contacts.get(claim.contact_id)
    inspection = tx.inspections.find(claim.contact_id)
    if inspection is None:
        raise not_inspected(claim.contact_id)
    annotated = find_annotated(artifacts, tx.artifacts.of(claim.contact_id))
    key = (inspection.scorecard_id, inspection.scorecard_version)
    return ReviewSheet(
        claim=claim,
        contact=contact,
        inspection=inspection,
        card=next((card for card in cards if (card.id, card.version) == key), None),
        transcript=annotated.transcript if annotated else None,
    )


def check_not_own(contact: Contact, person: str) -> None:
    """Check that somebody is not about to judge themselves; raises NotAllowed."""
    if any(same_person(name, person) for name in (contact.agent_id, contact.agent_name) if name):
        raise NotAllowed(N_("This contact is your own."), hint=N_("Somebody else has to review it."))


def not_inspected(contact_id: str) -> Conflict:
    """Return the error of a contact that the machine has yet to inspect."""
    return Conflict(
        N_("The contact {id} has not been inspected."), hint=N_("Score it first: callqa score FOLDER."), id=contact_id
    )


def _claim_of(tx: Transaction, one: Candidate, view: QueueView, lease: timedelta) -> Claim | None:
    """Return the claim of what waits; None for a second review by somebody who has seen what was found."""
    # What is chosen by what was found on it is reviewed with that before one's eyes, seen or not.
    is_seen = not one.selection.is_targeted and has_seen(tx, view.person, one.contact_id)
    if is_seen and one.purpose is ClaimPurpose.DOUBLE:
        return None
    session_sample = one.session.sample_id if one.session else None
    return replace(
        _own_choice(view, one.contact_id, lease),
        purpose=one.purpose,
        selection=one.selection,
        inclusion_probability=chance_for(tx, one, view.person),
        sample_id=one.draw.sample_id if one.draw else session_sample,
        session_id=one.session.id if one.session else None,
        blind=is_blind(one, is_seen=is_seen),
    )


def _own_choice(view: QueueView, contact_id: str, lease: timedelta) -> Claim:
    return Claim(
        id=new_id("c"),
        contact_id=contact_id,
        purpose=ClaimPurpose.FIRST,
        claimant=view.person,
        selection=Selection.UNKNOWN,
        claimed_at=view.now,
        expires_at=view.now + lease,
    )


def _find_own(tx: Transaction, view: QueueView, contact_id: str) -> Claim | None:
    found = tx.claims.list_open(view.now, claimant=view.person, contact_id=contact_id)
    return found[0] if found else None


def _until(tx: Transaction, claim: Claim) -> str:
    others = tx.claims.list_open(claim.claimed_at, contact_id=claim.contact_id)
    last = max((other.expires_at for other in others if other.purpose is claim.purpose), default=claim.claimed_at)
    return last.astimezone(tx.time_zone).isoformat(sep=" ", timespec="minutes")
