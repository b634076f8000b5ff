"""Which column of a table is which field, whatever people call it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from qa_pipeline.errors import N_, MappingError

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_JOINTS = re.compile(r"[\s_\-./:*#]+")


def normalise_header(header: str) -> str:
    """Return a header without case, width, spaces, underscores, hyphens and the like."""
    return _JOINTS.sub("", unicodedata.normalize("NFKC", header).casefold())


def match_headers(
    headers: Iterable[str],
    aliases: Mapping[str, Sequence[str]],
    *,
    file: str | None = None,
    ranked: bool = False,
) -> dict[str, str]:
    """Find the header of each field.

    A field's own name is always its first alias. A header that matches as a whole comes before one that matches
    only without its bracketed part, as in ``平均通话时长(秒)``.

    Parameters
    ----------
    headers : iterable of str
        The table's headers.
    aliases : mapping of field to aliases
        What people write; case, width, spaces and underscores make no difference.
    file : str, optional
        Named in the error.
    ranked : bool
        Whether an earlier alias wins over a later one, for wide exports that tell a thing in several columns.
        Without it two columns for one field are always refused.

    Returns
    -------
    dict of field to header
        Fields without a column are absent; headers that match nothing are nobody's.

    Raises
    ------
    MappingError
        When two columns fit one field (with `ranked`: by the same alias), or one column fits two fields.
    """
    whole = {header: normalise_header(header) for header in headers}
    bare = {header: normalise_header(_BRACKETED.sub("", unicodedata.normalize("NFKC", header))) for header in whole}
    found: dict[str, str] = {}
    for field, words in aliases.items():
        names = [name for alias in (field, *words) if (name := normalise_header(alias))]
        fitting = _fitting(whole, names, ranked) or _fitting(bare, names, ranked)
        if len(fitting) > 1:
            raise MappingError(
                N_("Two columns fit the field {name}: {columns}."),
                hint=N_("Rename or remove all but one of them."),
                file=file,
                field=field,
                name=field,
                columns=", ".join(fitting),
            )
        if fitting:
            found[field] = fitting[0]
    _refuse_shared(found, file)
    return found


def _fitting(normalised: Mapping[str, str], names: Sequence[str], ranked: bool) -> list[str]:
    fitting = [header for header, name in normalised.items() if name in names]
    if not ranked or not fitting:
        return fitting
    best = min(names.index(normalised[header]) for header in fitting)
    return [header for header in fitting if names.index(normalised[header]) == best]


def _refuse_shared(found: Mapping[str, str], file: str | None) -> None:
    owner: dict[str, str] = {}
    for field, header in found.items():
        if header in owner:
            raise MappingError(
                N_("The column {column} fits two fields: {first} and {second}."),
                hint=N_("Rename the column so that it fits one of them."),
                file=file,
                field=header,
                column=header,
                first=owner[header],
                second=field,
            )
        owner[header] = field
