"""Jinja for pages: escaped by default, one environment per language, with the words and formats of the report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from qa_pipeline.errors import fill
from qa_pipeline.i18n import translator
from qa_pipeline.report import administration_labels, labels
from qa_pipeline.report.attitude_reasons import anchor_word, attitude_reasons, behaviour_word
from qa_pipeline.report.overview_lines import counts_text, interval_text, share_interval_text
from qa_pipeline.report.roles import roles_text
from qa_pipeline.scoring.move_lexicon import move_names


def page_environment(language: str, *packages: str) -> Environment:
    """Return the environment of one language.

    Parameters
    ----------
    language : str
        ``zh`` or ``en``.
    *packages : str
        Import names of packages whose ``templates`` folder is searched before the report's own.
    """
    loaders = [PackageLoader(package, "templates") for package in (*packages, "qa_pipeline.report")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translate = translator(language)

    def message(msgid: str, **params: Any) -> str:
        return fill(translate(msgid), params)

    environment.globals.update(
        _=message,
        language=language,
        outcome_word=partial(labels.label, labels.OUTCOMES, translate=translate),
        flag_word=partial(labels.label, labels.FLAGS, translate=translate),
        sort_word=partial(labels.label, labels.SORTS, translate=translate),
        group_word=partial(labels.label, labels.GROUPS, translate=translate),
        basis_word=partial(labels.label, labels.BASES, translate=translate),
        method_word=partial(labels.label, labels.METHODS, translate=translate),
        places_text=partial(labels.places_text, translate=translate),
        role_word=partial(labels.label, labels.ROLES, translate=translate),
        staff_role_word=partial(labels.label, labels.STAFF_ROLES, translate=translate),
        appeal_outcome_word=partial(labels.label, labels.APPEAL_OUTCOMES, translate=translate),
        rater_word=partial(labels.label, labels.RATER_CLASSES, translate=translate),
        kind_word=partial(labels.label, labels.KINDS, translate=translate),
        quality_word=partial(labels.label, labels.QUALITIES, translate=translate),
        suggestion_word=partial(labels.label, labels.SUGGESTIONS, translate=translate),
        selection_word=partial(labels.label, labels.SELECTIONS, translate=translate),
        gate_word=partial(labels.label, labels.GATES, translate=translate),
        job_kind_word=partial(labels.label, labels.JOB_KINDS, translate=translate),
        job_state_word=partial(labels.label, labels.JOB_STATES, translate=translate),
        status_word=partial(labels.label, labels.STATUSES, translate=translate),
        sentiment_word=partial(labels.label, labels.SENTIMENTS, translate=translate),
        event_word=partial(labels.label, labels.COURSE_EVENTS, translate=translate),
        move_word=lambda move: move_names()[move].in_language(language),
        direction_word=partial(labels.label, labels.DIRECTIONS, translate=translate),
        language_word=partial(labels.label, labels.LANGUAGES, translate=translate),
        attitude_word=partial(labels.label, labels.ATTITUDES, translate=translate),
        attitude_reasons=attitude_reasons,
        behaviour_word=partial(behaviour_word, language=language),
        anchor_word=partial(anchor_word, language=language),
        measure_word=partial(labels.label, labels.MEASURES, translate=translate),
        sound_word=partial(labels.label, labels.SOUNDS, translate=translate),
        measured=partial(labels.measure_text, translate=translate),
        valued=partial(labels.value_text, translate=translate),
        turn_text=partial(labels.turn_text, translate=translate),
        roles_text=partial(roles_text, translate=translate),
        reason=partial(labels.reason_text, translate=translate),
        interval=interval_text,
        share_interval=share_interval_text,
        counts=partial(counts_text, translate=translate),
        joined=partial(labels.joined, translate=translate),
        with_note=partial(labels.with_note, translate=translate),
        with_name=partial(labels.with_name, translate=translate),
        **_administrators_words(translate),
    )
    environment.filters.update(
        points=labels.points_text,
        percent=labels.percent_text,
        chance=labels.chance_text,
        clock=labels.clock_text,
        number=labels.number_text,
        file_name=lambda path: PurePath(path).name or path,
        pair=lambda value: (value, value),
        merged=lambda mapping, **more: {**mapping, **more},
    )
    return environment


def _administrators_words(translate: labels.Translate) -> Mapping[str, Any]:
    words = administration_labels
    return {
        "permission_word": partial(labels.label, words.PERMISSIONS, translate=translate),
        "rows_word": partial(labels.label, words.ROWS, translate=translate),
        "retention_rule_word": partial(labels.label, words.RETENTION_RULES, translate=translate),
        "keeps_text": lambda reason, count: fill(translate(words.KEEPS[reason]), {"count": count}),
        "hold_kind_word": partial(labels.label, words.HOLD_KINDS, translate=translate),
        "webhook_kind_word": partial(labels.label, words.WEBHOOK_KINDS, translate=translate),
        "delivery_state_word": partial(labels.label, words.DELIVERY_STATES, translate=translate),
        "check_word": partial(labels.label, words.CHECKS, translate=translate),
        "engine_kind_word": partial(labels.label, labels.ENGINE_KINDS, translate=translate),
    }


def moment_filter(zone: str) -> Any:
    """Return the function that writes aware times in the site's time zone."""
    return partial(labels.moment_text, zone=ZoneInfo(zone))


def stylesheet() -> str:
    """Return the one stylesheet of report and pages."""
    return files("qa_pipeline.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
