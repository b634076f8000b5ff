"""Every error that callqa raises on purpose.

::

    CallqaError
    ├── ConfigurationError        the user's settings or rule files are wrong       (exit 2)
    │   ├── ScorecardError        a scorecard file, with line and key
    │   ├── TemplateError         an appraisal template or indicator file
    │   ├── LexiconError          the site's own words, with line and key
    │   └── MappingError          a column mapping
    ├── InputError                one file, row or field of the user's data         (the rest goes on)
    │   ├── AudioError            a recording that cannot be used
    │   │   ├── EmptyAudio        zero bytes or zero samples
    │   │   ├── NotAudio          the content is no audio that the decoder knows
    │   │   ├── NoSpeech          decodes, but nobody speaks
    │   │   └── AudioTooLong      longer than the configured limit
    │   ├── TranscriptError       an imported transcript or chat
    │   ├── TableError            a whole table: no header, unreadable encoding
    │   ├── RowError              one row of a table
    │   ├── TooLarge              more than is taken at once
    │   └── WrongContent          not of a kind that is taken here, whatever its name says
    ├── PendingError              cannot be done now, nothing is wrong with the item
    │   └── NeedsModel            no engine with weights for it; the hint says what to run
    ├── EngineError               an engine is missing or failed
    ├── NotFound                  no object with that id
    ├── Conflict                  the same id with different content, or a step that its state does not allow
    │   ├── Outdated              it was changed since this person looked at it
    │   └── VersionNeeded         an edit that does not say what it changes
    ├── SignInNeeded              nobody is signed in, or no longer
    ├── NotAllowed                a step that this person may not take
    │   └── PasswordChangeNeeded  nothing else before the person has a password of their own
    ├── TooManyRequests           more in a short time than anybody needs
    ├── StoreError                database or artifact folder
    │   ├── StoreLocked           somebody else writes
    │   ├── StoreFull             no space left
    │   └── StoreReadOnly         no right to write
    └── WorkerDied                the process that worked on an item was killed

No error knows of HTTP or exit codes: the command line and the API each hold one table.
Messages are English msgids with ``{named}`` parameters; the border translates them with :meth:`CallqaError.render`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


def N_(message: str) -> str:  # noqa: N802 -- the customary gettext marker
    """Mark a message for the translation catalogue without translating it here."""
    return message


@dataclass(frozen=True, slots=True)
class Message:
    """A msgid with the values of its ``{name}`` places: a message, a text of both languages or a tuple among them."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Return the text in the reader's language."""
        return fill(translate(self.message), self.params, translate)

    def __str__(self) -> str:
        return self.render()


class CallqaError(Exception):
    """An error that the user can act on.

    Parameters
    ----------
    message : str
        English text and msgid, with ``{name}`` places for `params`.
    hint : str
        What to do about it; a msgid with the same params.
    file, row, field : optional
        Where in the user's data. `row` counts as a spreadsheet does: the header is row 1.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str | None = None,
        row: int | None = None,
        field: str | None = None,
        **params: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file
        self.row = row
        self.field = field
        self.params = params

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Return the message in the reader's language."""
        return fill(translate(self.message), self.params, translate)

    def render_hint(self, translate: Callable[[str], str] = str) -> str:
        """Return the hint in the reader's language; empty when there is none."""
        return fill(translate(self.hint), self.params, translate) if self.hint else ""

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """Return the JSON document of the command-line contract, without the outer ``error`` key."""
        found: dict[str, Any] = {
            "type": type(self).__name__,
            "message": self.render(translate),
            "hint": self.render_hint(translate),
        }
        places = {"file": self.file, "row": self.row, "field": self.field}
        return found | {key: value for key, value in places.items() if value is not None}

    def __str__(self) -> str:
        place = " ".join(
            f"{name} {value}" for name, value in (("row", self.row), ("field", self.field)) if value is not None
        )
        head = ": ".join(str(part) for part in (self.file, place) if part)
        return f"{head}: {self.render()}" if head else self.render()

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders; the default would lose the keyword arguments.
        return (_rebuild, (type(self), self.message, self.hint, self.file, self.row, self.field, self.params))


def _rebuild(
    kind: type[CallqaError],
    message: str,
    hint: str,
    file: str | None,
    row: int | None,
    field: str | None,
    params: dict[str, object],
) -> CallqaError:
    return kind(message, hint=hint, file=file, row=row, field=field, **params)


@runtime_checkable
class Bilingual(Protocol):
    """A text that has each language itself, such as a name from a rule file."""

    def in_language(self, language: str) -> str:
        """Return the text in a language."""
        ...


def fill(text: str, params: Mapping[str, object], translate: Callable[[str], str] = str) -> str:
    """Put parameters into ``{name}`` places; text without its parameter stays readable.

    Messages and texts of both languages are put in the language of `translate`, a tuple as a list of its parts.
    """
    shown = {name: _shown(value, translate) for name, value in params.items()}
    try:
        return text.format(**shown)
    except (KeyError, IndexError, ValueError):
        return text


def _shown(value: object, translate: Callable[[str], str]) -> object:
    if isinstance(value, str | int | float):  # nearly all; asking for a protocol takes its time
        return value
    if isinstance(value, Message):
        return value.render(translate)
    if isinstance(value, Bilingual):
        return value.in_language(getattr(translate, "language", "en"))
    if isinstance(value, tuple):
        return translate(N_(", ")).join(str(_shown(part, translate)) for part in value)
    return value


class ConfigurationError(CallqaError):
    """Settings or rule files are wrong."""


class ScorecardError(ConfigurationError):
    """A scorecard file is wrong; `row` is the line in the file, `field` the key."""


class TemplateError(ConfigurationError):
    """An appraisal template or an indicator file is wrong."""


class LexiconError(ConfigurationError):
    """The lexicon of the site is wrong; `row` is the line in the file, `field` the key."""


class MappingError(ConfigurationError):
    """A column mapping is wrong."""


class InputError(CallqaError):
    """One file, row or field of the user's data is wrong."""


class AudioError(InputError):
    """A recording cannot be used."""


class EmptyAudio(AudioError):
    """The file has no bytes or no samples."""


class NotAudio(AudioError):
    """The content is not audio that the decoder knows."""


class NoSpeech(AudioError):
    """The file decodes, but no speech was found on any channel."""


class AudioTooLong(AudioError):
    """The recording is longer than the configured limit."""


class TranscriptError(InputError):
    """An imported transcript or chat is wrong."""


class TableError(InputError):
    """A table cannot be read at all."""


class RowError(InputError):
    """One row of a table is wrong."""


class TooLarge(InputError):
    """More than is taken at once."""


class WrongContent(InputError):
    """Not of a kind that is taken here, whatever its name says."""


class PendingError(CallqaError):
    """Cannot be done now; the item stays pending."""


class NeedsModel(PendingError):
    """No engine with weights is at hand for the item."""


class EngineError(CallqaError):
    """An engine is missing or failed."""


class NotFound(CallqaError):
    """There is no object with that id."""


class Conflict(CallqaError):
    """The same id with different content, or a step that the state of a thing does not allow."""


class Outdated(Conflict):
    """It was changed since this person looked at it."""


class VersionNeeded(Conflict):
    """An edit that does not say which version it changes."""


class SignInNeeded(CallqaError):
    """Nobody is signed in, or no longer."""


class TooManyRequests(CallqaError):
    """More in a short time than anybody needs."""


class NotAllowed(CallqaError):
    """A step that this person may not take."""


class PasswordChangeNeeded(NotAllowed):
    """The password was made by somebody else and has to be changed before anything else."""


class StoreError(CallqaError):
    """The database or the artifact folder failed."""


class StoreLocked(StoreError):
    """Another program holds the database."""


class StoreFull(StoreError):
    """There is no space left."""


class StoreReadOnly(StoreError):
    """The folder or database cannot be written."""


class WorkerDied(CallqaError):
    """The process that worked on an item was killed."""
