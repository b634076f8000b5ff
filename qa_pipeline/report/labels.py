"""Words for the codes that results carry, as msgids, and texts for values with their units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_, fill

Translate = Callable[[str], str]


class SaysReason(Protocol):
    """A translatable message with its parameters, such as a Reason."""

    @property
    def message(self) -> str: ...

    @property
    def params(self) -> Mapping[str, str | int | float]: ...


class SaysTurn(Protocol):
    """A turn of sentiment in words, such as a TurningPointRow."""

    @property
    def event(self) -> str: ...

    @property
    def quote(self) -> str: ...

    @property
    def before(self) -> float: ...

    @property
    def after(self) -> float: ...


class SaysPlaces(Protocol):
    """A range of places, such as Places."""

    @property
    def low(self) -> int: ...

    @property
    def high(self) -> int: ...

    @property
    def of(self) -> int: ...


APPEAL_OUTCOMES = {
    "upheld": N_("upheld"),
    "partly_upheld": N_("partly upheld"),
    "rejected": N_("rejected"),
}
OUTCOMES = {
    "met": N_("met"),
    "partly_met": N_("partly met"),
    "not_met": N_("not met"),
    "not_applicable": N_("not applicable"),
    "undetermined": N_("undetermined"),
}
SORTS = {
    "newest": N_("newest first"),
    "oldest": N_("oldest first"),
    "points": N_("fewest points first"),
    "-points": N_("most points first"),
    "duration": N_("shortest first"),
    "-duration": N_("longest first"),
    "agent": N_("by agent"),
}
FLAGS = {
    "red_line": N_("Red line"),
    "possible_red_line": N_("Possible red line"),
    "angry_customer": N_("Angry customer"),
    "possible_abuse": N_("Possible abuse by the agent"),
    "low_score": N_("Low score"),
    "abstained": N_("Not enough determined"),
    "poor_recognition": N_("Poor recognition"),
    "roles_swapped": N_("Roles were swapped"),
    "audio_incomplete": N_("Recording incomplete"),
    "clocks_differ": N_("The two recordings do not run together"),
    "recovered": N_("Customer recovered"),
}
GROUPS = {
    "above": N_("above average"),
    "within": N_("no clear difference"),
    "below": N_("below average"),
    "insufficient": N_("too little evidence"),
    "none": N_("not evaluated"),
}
BASES = {
    "machine": N_("machine alone"),
    "reviewed": N_("machine, and people where they reviewed"),
    "estimated": N_("estimated from machine and reviews"),
}
# Ways to divide contacts for a comparison of machine and people, and what their groups are called.
GROUPINGS = {
    "queue": N_("Queue"),
    "team": N_("Team"),
    "language": N_("Language"),
    "line": N_("Line"),
    "recognition": N_("Recognition"),
    "tenure": N_("Tenure"),
}
GAP_VERDICTS = {
    "gap": N_("a gap"),
    "none": N_("no gap that matters"),
    "cannot_tell": N_("cannot tell"),
}
ENGINE_KINDS = {
    "asr": N_("recognising speech"),
    "diarization": N_("telling speakers apart"),
    "sentiment": N_("sentiment"),
    "moves": N_("service moves"),
    "abuse": N_("possible abuse"),
    "satisfaction": N_("satisfaction"),
    "reason": N_("contact reasons"),
    "embedding": N_("likeness of meaning"),
    "judge": N_("judging by a language model"),
}
# Figures of a result that may differ between its versions.
FIGURES = {
    "template_id": N_("Template"),
    "template_version": N_("Version of the template"),
    "total": N_("Total"),
    "ci95_low": N_("95 %, from"),
    "ci95_high": N_("95 %, to"),
    "grade": N_("Grade"),
    "group": N_("Standing"),
    "n_contacts": N_("Contacts"),
    "n_reviews": N_("Reviews by people"),
    "value": N_("Value"),
    "n": N_("Observations"),
    "source": N_("Source"),
    "target": N_("Target"),
    "attainment_points": N_("Attainment"),
    "weight": N_("Weight"),
    "effective_weight": N_("Effective weight"),
}
METHODS = {
    "ppi": N_("machine, corrected by random reviews"),
    "model": N_("agents' estimates together"),
    "machine": N_("machine alone, its bias not in the interval"),
}
ROLES = {
    "agent": N_("Agent"),
    "customer": N_("Customer"),
    "system": N_("System"),
    "unknown": N_("Unknown speaker"),
}
STAFF_ROLES = {
    "agent": N_("Agent"),
    "supervisor": N_("Supervisor"),
    "qa": N_("QA analyst"),
    "hr": N_("Personnel"),
    "administrator": N_("Administrator"),
}
KINDS = {"call": N_("Call"), "chat": N_("Chat")}
QUALITIES = {
    "trusted": N_("trusted transcript"),
    "draft": N_("draft transcript"),
    "unusable": N_("unusable transcript"),
}
RATER_CLASSES = {
    "self": N_("self"),
    "manager": N_("manager"),
    "peer": N_("peers"),
    "report": N_("reports"),
    "served": N_("people served"),
    "external": N_("external"),
}
JOB_STATES = {
    "draft": N_("draft"),
    "queued": N_("waits for a worker"),
    "running": N_("running"),
    "done": N_("done"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}
JOB_KINDS = {
    "score": N_("Scoring"),
    "evaluate": N_("Evaluation"),
    "reindex": N_("Search index"),
    "retention": N_("Deleting what is due"),
    "risk": N_("Support priority"),
}
SUGGESTIONS = {"filed": N_("filed"), "accepted": N_("accepted"), "declined": N_("declined"), "done": N_("done")}
SELECTIONS = {
    "random": N_("drawn at random"),
    "double": N_("second, blind review"),
    "calibration": N_("calibration"),
    "risk": N_("by risk"),
    "complaint": N_("after a complaint"),
    "appeal": N_("appeal"),
    "panel": N_("agreed in calibration"),
    "unknown": N_("unknown"),
}
GATES = {
    "open": N_("yes"),
    "closed": N_("no: it agrees too little"),
    "too_few": N_("not known yet"),
    "undefined": N_("cannot be told: people gave one outcome only"),
}
STATUSES = {"pending": N_("pending"), "failed": N_("failed")}
SENTIMENTS = {"negative": N_("negative"), "neutral": N_("neutral"), "positive": N_("positive")}
COURSE_EVENTS = {
    "left_angry": N_("left angry"),
    "recovered": N_("recovered"),
    "worsened": N_("got worse"),
    "improved": N_("got better"),
}
DIRECTIONS = {"inbound": N_("inbound"), "outbound": N_("outbound"), "unknown": N_("unknown direction")}
LANGUAGES = {"zh": N_("Chinese"), "en": N_("English")}
RATERS = {"machine": N_("Machine")}
ATTITUDES = {
    "courtesy": N_("Courtesy"),
    "empathy": N_("Empathy"),
    "patience": N_("Patience"),
    "ownership": N_("Ownership"),
    "professionalism": N_("Professionalism"),
}
MEASURES = {
    "duration_s": N_("Duration"),
    "agent_talk_s": N_("Agent's talk"),
    "customer_talk_s": N_("Customer's talk"),
    "agent_talk_ratio": N_("Agent's share of talk"),
    "silence_ratio": N_("Silence"),
    "longest_silence_s": N_("Longest silence"),
    "overlap_ratio": N_("Overlap"),
    "agent_overlaps_count": N_("Overlaps that the agent began"),
    "agent_overlaps_s": N_("Overlap that the agent began"),
    "customer_overlaps_count": N_("Overlaps that the customer began"),
    "customer_overlaps_s": N_("Overlap that the customer began"),
    "agent_interruptions_count": N_("Interruptions by the agent"),
    "customer_interruptions_count": N_("Interruptions by the customer"),
    "longest_agent_monologue_s": N_("Longest monologue of the agent"),
    "longest_customer_monologue_s": N_("Longest monologue of the customer"),
    "first_agent_speech_s": N_("First words of the agent"),
    "response_latency_s": N_("Response time of the agent"),
    "longest_response_latency_s": N_("Slowest answer of the agent"),
    "hold_count": N_("Times on hold"),
    "hold_s": N_("Time on hold"),
    "longest_hold_s": N_("Longest hold"),
    "agent_speech_rate": N_("Agent's speech rate per minute"),
    "customer_speech_rate": N_("Customer's speech rate per minute"),
    "agent_speech_db": N_("Loudness of the agent"),
    "customer_speech_db": N_("Loudness of the customer"),
    "wait_s": N_("Waited until it was said"),
    "attitude_overall": N_("Service attitude (1–5)"),
    "attitude_courtesy": N_("Courtesy (1–5)"),
    "attitude_empathy": N_("Empathy (1–5)"),
    "attitude_patience": N_("Patience (1–5)"),
    "utterances_count": N_("Utterances"),
    "attitude_ownership": N_("Ownership (1–5)"),
    "attitude_professionalism": N_("Professionalism (1–5)"),
    "customer_sentiment_start": N_("Customer's sentiment at the start"),
    "customer_sentiment_end": N_("Customer's sentiment at the end"),
    "customer_sentiment_mean": N_("Customer's mean sentiment"),
    "customer_sentiment_lowest": N_("Customer's lowest sentiment"),
    "customer_sentiment_change": N_("Change of the customer's sentiment"),
    "agent_sentiment_start": N_("Agent's sentiment at the start"),
    "agent_sentiment_end": N_("Agent's sentiment at the end"),
    "agent_sentiment_mean": N_("Agent's mean sentiment"),
    "agent_sentiment_lowest": N_("Agent's lowest sentiment"),
    "agent_sentiment_change": N_("Change of the agent's sentiment"),
}
SOUNDS = {
    "dtmf": N_("Keys pressed"),
    "call_progress": N_("Ringing or busy tone"),
    "fax": N_("Fax tone"),
    "tone": N_("Steady tone"),
    "music": N_("Music"),
}

# Places in {} are filled with the number; a unit that is missing here is written after the number as it is.
_UNITS = {
    "s": N_("{value} s"),
    "min": N_("{value} min"),
    "h": N_("{value} h"),
    "cny": N_("CNY {value}"),
    "points": N_("{value} points"),
}
NONE = "–"
# Groups of these ways have words; those of the site's own have their own names.
GROUPED_AS = {
    "line": {"narrow_band": N_("telephone band"), "wide_band": N_("wide band")},
    "language": LANGUAGES,
    "recognition": QUALITIES,
    "tenure": {"under_3_months": N_("under 3 months"), "3_months_or_more": N_("3 months or more")},
}


def label(words: Mapping[str, str], code: str, translate: Translate) -> str:
    """Return the word for a code; a code that nobody named is shown as it is."""
    return translate(words[code]) if code in words else code


def reason_text(reason: SaysReason, translate: Translate) -> str:
    """Return a reason in the reader's language; a measure in it is called by its name."""
    named = {key: label(MEASURES, str(value), translate) for key, value in reason.params.items() if key == "measure"}
    return fill(translate(reason.message), {**reason.params, **named})


def joined(words: Iterable[str], translate: Translate) -> str:
    """Return words as a list in running text."""
    return translate(N_(", ")).join(words)


def with_note(text: str, note: str | int, translate: Translate) -> str:
    """Return a text with a note in brackets behind it."""
    return translate(N_("{text} ({note})")).format(text=text, note=note)


def turn_text(turn: SaysTurn, translate: Translate) -> str:
    """Return a turn of the customer's sentiment with its sentence and the sentiment before and after it."""
    return translate(N_("{event} ({before} → {after}): “{quote}”")).format(
        event=label(COURSE_EVENTS, turn.event, translate),
        before=number_text(turn.before),
        after=number_text(turn.after),
        quote=turn.quote,
    )


def with_name(name: str, text: str, translate: Translate) -> str:
    """Return a text with the name of what it is about before it."""
    return translate(N_("{name}: {text}")).format(name=name, text=text)


def places_text(places: SaysPlaces, translate: Translate) -> str:
    """Return the range of places; never one place alone, for none is known for certain."""
    return translate(N_("between place {low} and {high} of {of}")).format(
        low=places.low, high=places.high, of=places.of
    )


def points_text(value: float | None) -> str:
    """Return points with one decimal."""
    return NONE if value is None else f"{value:.1f}"


def p_text(p: float) -> str:
    """Return the chance of a test as statisticians write it; one below a thousandth is not told exactly."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def percent_text(ratio: float | None) -> str:
    """Return a ratio 0-1 as percent, whole numbers without decimals."""
    if ratio is None:
        return NONE
    return f"{100 * ratio:.1f}".removesuffix(".0") + "%"


def chance_text(probability: float) -> str:
    """Return a probability as percent; what 1,000 draws give is neither never nor always."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{100 * probability:.0f}%"


def clock_text(seconds: float | None) -> str:
    """Return seconds from the start as ``mm:ss``, from one hour on ``h:mm:ss``."""
    if seconds is None:
        return NONE
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    tail = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{tail}" if hours else tail


def number_text(value: float | None) -> str:
    """Return a number with at most two decimals and thousands separators."""
    if value is None:
        return NONE
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def value_text(value: float | None, unit: str, translate: Translate) -> str:
    """Return a value with its unit, as people write it."""
    if value is None:
        return NONE
    if unit == "ratio":
        return percent_text(value)
    if unit in _UNITS:
        return translate(_UNITS[unit]).format(value=number_text(value))
    return number_text(value)


def measure_text(measure: str, value: float | None, translate: Translate) -> str:
    """Return a measured fact with its unit, which the measure's name carries."""
    if measure.endswith("_ratio"):
        return percent_text(value)
    if measure.endswith("_s"):
        return value_text(value, "s", translate)
    if measure.endswith("_db") and value is not None:
        return translate(N_("{value} dBFS")).format(value=f"{value:.1f}")
    return number_text(value)


def moment_text(at: datetime | None, zone: ZoneInfo) -> str:
    """Return an aware time in the site's time zone to the minute."""
    return NONE if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
