"""Answered surveys: ratings, recommendation and the three questions of the index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from qa_pipeline.errors import N_, Message
from qa_pipeline.intake.tables import Row
from qa_pipeline.kpi.ratings import promoter_value, rating_values, satisfaction_index
from qa_pipeline.services.kpi_import.records import DEFAULT_SCALE, Fact, RecordTable, Source

_RECOMMEND_SCALE = (0.0, 10.0)
_INDEX_SCALE = (1.0, 10.0)
_INDEX = ("overall", "expectations", "ideal")
_FLAGS = {"resolved": "resolution_rate", "first_contact_resolved": "first_contact_resolution"}
_QUESTIONS = ("rating", "recommend", *_INDEX, *_FLAGS)


class SurveyTable(RecordTable):
    """An export with a row per survey; rows without any answer are surveys that nobody answered."""

    moments = ("answered_at", "date")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._answered = self._silent = self._partial = 0

    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return the answers of a survey, None when it has none."""
        if all(self.text(row, name) is None for name in _QUESTIONS):
            self._silent += 1
            return None
        at: dt.datetime = self.first_moment(row, "answered_at", "date")
        values: dict[str, float] = {}
        rating = self.rating(row, "rating", DEFAULT_SCALE)
        if rating is not None:
            values |= rating_values(rating, self.scale_of(row, "rating", DEFAULT_SCALE))
        recommend = self._recommend(row)
        if recommend is not None:
            values["nps"] = promoter_value(recommend)
        for name, indicator in _FLAGS.items():
            answer = self.flag(row, name)
            if answer is not None:
                values[indicator] = float(answer)
        self._add_index(row, values)
        self._answered += 1
        return Fact(at=at, values=values)

    def finish(self) -> Iterator[Message]:
        """Tell of surveys without an answer, or without all answers of the index."""
        if self._silent:
            share = 100 * self._answered / (self._answered + self._silent)
            yield Message(
                N_(
                    "{answered} of {sent} surveys were answered ({share} %): those who answer may differ from the rest."
                ),
                {"answered": self._answered, "sent": self._answered + self._silent, "share": f"{share:.0f}"},
            )
        if self._partial:
            yield Message(
                N_("{count} surveys lack one of the three answers of the index, and do not count for it."),
                {"count": self._partial},
            )

    def _recommend(self, row: Row) -> float | None:
        answer = self.rating(row, "recommend", _RECOMMEND_SCALE)
        if answer is None:
            return None
        if answer != int(answer) or self.scale_of(row, "recommend", _RECOMMEND_SCALE) != _RECOMMEND_SCALE:
            raise self.place(row, "recommend").error(
                N_("{text} is no answer of 0 to 10."),
                hint=N_("The net promoter score is defined for whole numbers from 0 to 10 only."),
                text=self.text(row, "recommend") or "",
            )
        return answer

    def _add_index(self, row: Row, values: dict[str, float]) -> None:
        if not all(self.has(name) for name in _INDEX):
            return
        answers = {name: self.rating(row, name, _INDEX_SCALE) for name in _INDEX}
        given = {name: answer for name, answer in answers.items() if answer is not None}
        if len(given) == len(_INDEX):
            scales = {name: self.scale_of(row, name, _INDEX_SCALE) for name in _INDEX}
            weights = {name: self.source.layout.weights.get(name, 1.0) for name in _INDEX}
            values["satisfaction_index"] = satisfaction_index(given, scales, weights)
        elif given:
            self._partial += 1
