"""Changed settings stand in the audit once, by their names."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from callqa.changed_settings import FILE, record_changed_settings
from callqa.settings import read_settings
from callqa.shown_settings import shown_settings
from qa_pipeline.store import Store

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def entries(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row["document"] for row in tx.audit.rows()]


def test_each_change_is_kept_once_without_its_value(store: Store, tmp_path: Path) -> None:
    first = read_settings(home=tmp_path)
    assert record_changed_settings(store, first, NOW) == ()  # all as they come
    changed = first.model_copy(
        update={
            "judge": first.judge.model_copy(update={"api_key": SecretStr("k-123")}),
            "retention": first.retention.model_copy(update={"contact_days": 90}),
        }
    )
    assert record_changed_settings(store, changed, NOW) == ("judge.api_key", "retention.contact_days")
    assert record_changed_settings(store, changed, NOW) == ()
    assert record_changed_settings(store, first, NOW) == ("judge.api_key", "retention.contact_days")
    assert len(entries(store)) == 2
    assert "settings.change" in entries(store)[0]
    kept = (tmp_path / FILE).read_text(encoding="utf-8") + "".join(entries(store))
    assert "k-123" not in kept
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_the_first_start_tells_what_is_not_as_it_comes_and_a_broken_file_is_a_first_start(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    settings = read_settings(home=tmp_path, time_zone="Europe/London")
    assert record_changed_settings(store, settings, NOW) == ("time_zone",)


def test_passwords_inside_addresses_are_not_shown(tmp_path: Path) -> None:
    settings = read_settings(home=tmp_path, database_url="postgresql+psycopg://callqa:open@db.example/callqa")
    shown = {each.name: each.value for each in shown_settings(settings)}
    assert shown["database_url"] == "postgresql+psycopg://callqa:•••@db.example/callqa"
    assert shown["judge.api_key"] == "–"
