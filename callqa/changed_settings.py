"""Which settings have changed since a server or worker of this home was started last: kept in the audit, by name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from callqa.cli.audited import system_user
from callqa.settings import Settings
from callqa.shown_settings import walk_settings
from qa_pipeline.domain.audit import Event
from qa_pipeline.stages.artifacts import open_atomically
from qa_pipeline.store import Store

FILE = "settings-seen.json"
_OF_THE_TERMINAL = frozenset({"home", "lang", "service.log_format"})  # they differ with who starts it, and how


def record_changed_settings(store: Store, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Keep in the audit which settings have changed since the last start; return their names.

    The home keeps a digest of each value under a key of its own, so that neither the audit nor that file tells a
    secret. At the first start those count as changed that are not as they come.

    Raises
    ------
    StoreReadOnly, StoreFull, StoreError
        The home cannot be written.
    """
    path = settings.home / FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        key, before = str(kept["key"]), dict(kept["digests"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        key, before = secrets.token_hex(32), None
    walked = [each for each in walk_settings(settings) if each[0] not in _OF_THE_TERMINAL]
    digests = {name: _digest(key, value) for name, value, _ in walked}
    if before is None:
        changed = tuple(name for name, _, is_default in walked if not is_default)
    else:
        changed = tuple(sorted(name for name in digests | before if digests.get(name) != before.get(name)))
    if before == digests:
        return ()
    if changed:
        with store.transaction() as tx:
            tx.audit.append(_event(changed), now)
    _write(path, {"key": key, "digests": digests})
    return changed


def _digest(key: str, value: Any) -> str:
    told = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return blake2b(repr(told).encode(), key=bytes.fromhex(key), digest_size=16).hexdigest()


def _event(changed: tuple[str, ...]) -> Event:
    details: dict[str, str | int | float | bool | None] = {"count": len(changed), "via": "start"}
    details["settings"] = " ".join(changed)
    return Event(actor=system_user(), role="", action="settings.change", subject="settings", details=details)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    with open_atomically(path) as file:
        file.write(json.dumps(document).encode())
    path.chmod(0o600)
