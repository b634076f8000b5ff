"""From the lines of a script to checks: words to phrases, notes on what to do to moves, branches to flows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from qa_pipeline.domain.contact import Role
from qa_pipeline.errors import N_
from qa_pipeline.scorecards.script_conditions import cue_of, phrases_of
from qa_pipeline.scorecards.script_lines import Line
from qa_pipeline.scorecards.script_notes import Item, Notes
from qa_pipeline.scorecards.script_wording import choices_of, is_spoken, move_of, spelt_out, wordings_of

_NAME_MAX = 60
_SHOWN = 3
# A script goes no deeper than this; what lies deeper is told and left out.
_DEPTH_MAX = 8

# A stroke behind a sentence parts ways to say it.
_SENTENCE_WAYS = re.compile(r"(?<=[。！？.!?])\s?[/／]\s?")

Wordings = list[list[list[str]]]


def says_of(line: Line) -> Wordings:
    """Return the ways to say a line, each as pieces with their phrases; empty when it gives no words."""
    if line.quotes:
        said = [wordings_of(quote) for quote in line.quotes]
        if line.has_choice or len(said) == 1:
            return [pieces for pieces in said if pieces]
        return [pieces] if (pieces := [piece for each in said for piece in each]) else []
    if line.role is None and not (line.must and line.says) and not is_spoken(line.text):
        return []
    said = [wordings_of(way) for way in _SENTENCE_WAYS.split(line.text)]
    return [pieces for pieces in said if pieces]


def check_of(item: Item, notes: Notes) -> dict[str, Any] | None:
    """Return the check of an item, None when there is nothing to check; every line is told what became of it."""
    line = item.line
    _note_beside(item, notes)
    if line.forbidden:
        return _forbidden(item, notes)
    own = _ways(item)
    below = [part for part in item.inner if not part.line.alternative]
    speaking = [
        part for part in below if part.line.role is not Role.CUSTOMER and (part.line.text or part.line.is_branch)
    ]
    if line.is_branch:
        return _flow(steps_of([item], notes))
    if any(part.line.is_branch or part.inner for part in speaking) or len(speaking) + bool(own) > 1:
        return _flow(_steps_with_own(item, own, below, notes))
    _note_below([part for part in below if part not in speaking], notes)
    if speaking:
        notes.add(line, "criterion", N_("Named after this line; the words stand below."))
        if speaking[0].line.within_s is None:
            speaking[0].line.within_s = line.within_s
        return check_of(speaking[0], notes)
    return _plain(item, own, notes)


def steps_of(items: Sequence[Item], notes: Notes, depth: int = 0) -> list[dict[str, Any]]:
    """Return the steps of a flow for items in their order."""
    steps: list[dict[str, Any]] = []
    for item in items:
        line = item.line
        if depth:
            _note_beside(item, notes)
        if depth > _DEPTH_MAX:
            notes.add(line, "nothing", N_("Lies too deep; write it flatter."), warn=True)
        elif line.condition:
            steps += _branch(item, notes, depth)
        elif line.otherwise:
            notes.add(line, "nothing", N_("There is no “if” above this line."), warn=True)
        elif line.forbidden:
            check = _forbidden(item, notes)
            steps += [{"check": check, "name": _name(line)}] if check else []
        elif not line.alternative:
            steps += _step(item, notes)
            steps += steps_of([part for part in item.inner if not part.line.alternative], notes, depth + 1)
    return steps


def _step(item: Item, notes: Notes) -> list[dict[str, Any]]:
    line = item.line
    if line.role is Role.CUSTOMER:
        notes.add(line, "customer", N_("An example of the customer's words; not scored."))
        return []
    ways = _ways(item)
    move = move_of(line.title or line.text) if not ways else None
    if not ways and move is None:
        if line.text and not item.inner:
            _note_unclear(line, notes)
        elif line.text:
            notes.add(line, "name", N_("A heading of the lines below."))
        return []
    step: dict[str, Any] = {"move": move.value} if move is not None else _cue(ways)
    step["name"] = _name(line)
    if line.within_s is not None:
        step["within_s"] = line.within_s
    if line.optional:
        step["optional"] = True
    if move is not None:
        notes.add(line, "step", N_("A step: the move {move}; there are no words to look for."), move=move.value)
    else:
        notes.add(line, "step", N_("A step: {phrases}."), phrases=_shown(ways))
    return [step]


def _branch(item: Item, notes: Notes, depth: int) -> list[dict[str, Any]]:
    line = item.line
    cue = cue_of(line.condition, line.condition_quotes)
    if cue is None:
        notes.add(
            line,
            "nothing",
            N_("It is not clear by which words of the customer this branch is recognised; put them in quotes."),
            warn=True,
        )
        _note_left_out([*item.inner, *([item.otherwise] if item.otherwise is not None else [])], notes)
        return []
    then = _step(Item(line), notes) if line.text else []
    then += steps_of(item.inner, notes, depth + 1)
    otherwise: list[dict[str, Any]] = []
    if item.otherwise is not None:
        other = item.otherwise
        otherwise = _step(Item(other.line), notes) if other.line.text else []
        otherwise += steps_of(other.inner, notes, depth + 1)
        notes.add(other.line, "branch", N_("What happens otherwise."))
    if not then:
        notes.add(line, "nothing", N_("The branch has no step to check."), warn=True)
        return []
    notes.add(
        line,
        "branch",
        N_("A branch, taken when the customer says: {phrases}. More wordings can stand in quotes."),
        phrases=", ".join(phrases_of(cue)[:_SHOWN]),
    )
    branch: dict[str, Any] = {"when": cue, "then": then}
    return [branch | {"otherwise": otherwise}] if otherwise else [branch]


def _flow(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not steps:
        return None
    if all(step.get("optional") for step in steps):
        for step in steps:
            step.pop("optional", None)
    flow: dict[str, Any] = {"detector": "flow", "steps": steps}
    count = _required_count(steps)
    return flow | {"partly_steps": (count + 1) // 2} if count > 1 else flow


def _required_count(steps: Sequence[dict[str, Any]]) -> int:
    return sum(_required_count(step["then"]) if "then" in step else not step.get("optional") for step in steps)


def _steps_with_own(item: Item, own: Wordings, below: Sequence[Item], notes: Notes) -> list[dict[str, Any]]:
    steps = _step(Item(item.line, [part for part in item.inner if part.line.alternative]), notes) if own else []
    if not own:
        notes.add(item.line, "criterion", N_("A criterion: the steps below in their order."))
    return steps + steps_of(below, notes, 1)


def _plain(item: Item, ways: Wordings, notes: Notes) -> dict[str, Any] | None:
    line = item.line
    window = {} if line.within_s is None else {"within_s": line.within_s}
    if line.role is Role.CUSTOMER:
        notes.add(line, "customer", N_("An example of the customer's words; not scored."))
        return None
    if ways:
        notes.add(line, "criterion", N_("A criterion: {phrases}."), phrases=_shown(ways))
        if window:
            notes.add(line, "criterion", N_("Within {seconds} s of the start of the contact."), seconds=line.within_s)
        return _phrases(ways, window)
    move = move_of(line.title or line.text)
    if move is not None:
        notes.add(
            line, "criterion", N_("A criterion: the move {move}; there are no words to look for."), move=move.value
        )
        return {"detector": "move", "move": move.value, **window}
    if line.within_s is not None and line.text:
        notes.add(
            line, "criterion", N_("A criterion: the agent first speaks within {seconds} s."), seconds=line.within_s
        )
        return {"detector": "measure", "measure": "first_agent_speech_s", "met": {"at_most": line.within_s}}
    if line.text:
        _note_unclear(line, notes)
    elif not line.actions:
        notes.add(line, "nothing", N_("Nothing stands in this line."), warn=True)
    return None


def _note_unclear(line: Line, notes: Notes) -> None:
    notes.add(
        line,
        "nothing",
        N_("Reads as a note on what to do, not as words to say; put the words in quotes or after the speaker."),
        warn=True,
    )


def _forbidden(item: Item, notes: Notes) -> dict[str, Any] | None:
    line = item.line
    words = line.quotes or (choices_of(line.text) if line.says else [])
    phrases = [way for each in words for piece in wordings_of(each) for phrase in piece for way in spelt_out(phrase)]
    _note_below(item.inner, notes)
    if not phrases:
        notes.add(line, "nothing", N_("There are no words that must not be said; put them in quotes."), warn=True)
        return None
    notes.add(line, "criterion", N_("Must not be said: {phrases}."), phrases=", ".join(phrases[:_SHOWN]))
    return {"detector": "phrase", "none": list(dict.fromkeys(phrases))}


def _ways(item: Item) -> Wordings:
    """Return the ways to say a line, those of the lines below that begin with “or” included."""
    ways = [] if item.line.role is Role.CUSTOMER else says_of(item.line)
    return ways + [way for part in item.inner if part.line.alternative for way in says_of(part.line)]


def _cue(ways: Wordings) -> dict[str, Any]:
    if all(len(pieces) == 1 for pieces in ways):
        return {"any": _unique([phrase for (piece,) in ways for phrase in piece])}
    return {"check": _phrases(ways, {})}


def _phrases(ways: Wordings, window: dict[str, Any]) -> dict[str, Any]:
    if all(len(pieces) == 1 for pieces in ways):
        return {"detector": "phrase", "any": _unique([phrase for (piece,) in ways for phrase in piece]), **window}
    checks = [_phrases([pieces], window) if len(pieces) == 1 else _all(pieces, window) for pieces in ways]
    return checks[0] if len(checks) == 1 else {"detector": "any", "checks": checks}


def _all(pieces: list[list[str]], window: dict[str, Any]) -> dict[str, Any]:
    return {"detector": "phrase", "all": pieces, "partly_hits": (len(pieces) + 1) // 2, **window}


def _unique(phrases: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(phrases))


def _note_actions(line: Line, notes: Notes) -> None:
    for action in line.actions:
        notes.add(line, "action", N_("An action, not scored: {action}."), action=action)


def _note_beside(item: Item, notes: Notes) -> None:
    """Tell of what stands with a line and is no check of its own: actions and other wordings."""
    _note_actions(item.line, notes)
    for part in item.inner:
        if part.line.alternative:
            _note_actions(part.line, notes)
            notes.add(part.line, "wording", N_("Another wording of the line above."))
            _note_below(part.inner, notes)


def _note_below(below: Sequence[Item], notes: Notes) -> None:
    for item in below:
        line = item.line
        _note_actions(line, notes)
        if line.role is Role.CUSTOMER:
            notes.add(line, "customer", N_("An example of the customer's words; not scored."))
        elif line.text:
            notes.add(line, "nothing", N_("Not understood below this line; number it or put it on its own."), warn=True)
        _note_below(item.inner, notes)


def _note_left_out(items: Sequence[Item], notes: Notes) -> None:
    for item in items:
        notes.add(item.line, "nothing", N_("Left out with the branch that it belongs to."), warn=True)
        _note_left_out(item.inner, notes)


def _name(line: Line) -> str:
    return (line.quotes[0] if line.quotes else line.text or line.written)[:_NAME_MAX].strip() or line.written[
        :_NAME_MAX
    ]


def _shown(ways: Wordings) -> str:
    phrases = [phrase for pieces in ways for piece in pieces for phrase in piece]
    return ", ".join(f"“{phrase}”" for phrase in phrases[:_SHOWN]) + (" …" if len(phrases) > _SHOWN else "")
