"""The form of the log: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal

LogForm = Literal["text", "json"]

# What a line may carry besides its message: ids, counts and names of states, never words or addresses.
_FIELDS = (
    "request_id",
    "method",
    "route",
    "status",
    "ms",
    "user",
    "webhook",
    "message_id",
    "attempts",
    "problem",
)


OURS = ("callqa", "api", "coaching", "models", "qa_pipeline")


class JsonLines(logging.Formatter):
    """One JSON object a line. Of an error only its kind and where it happened: messages quote what was read."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = "".join(traceback.format_tb(record.exc_info[2]))
        return json.dumps(line, ensure_ascii=False)


def set_up(form: LogForm, *, verbose: bool) -> logging.Handler:
    """Send the log to stderr in a form, in place of what was set before, and return its handler."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # Programs read the lines of single requests; people only where they ask for them. Libraries keep silent about what
    # they do: clients log addresses with what stands in them.
    level = logging.INFO if verbose or form == "json" else logging.WARNING
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    return handler
