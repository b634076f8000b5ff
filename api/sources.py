"""What every request reads from."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from api.language import language_of
from api.options import ServiceOptions, Site
from api.rates import Rates
from api.rulebook_watch import RulebookWatch
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The opened store, the folder of stage outputs, the rules that name what results refer to, and the settings.

    ``rates``: how many requests are answered. ``stopping`` is set when the server is to stop: streams end then.
    """

    store: Store
    artifacts: Artifacts
    rules: RulebookWatch
    site: Site
    options: ServiceOptions
    rates: Rates = field(default_factory=Rates)
    stopping: Event = field(default_factory=Event)

    @property
    def rulebook(self) -> Rulebook:
        """The rules as the site's files are now."""
        return self.rules.current()


def sources_of(request: Request) -> Sources:
    """Return what the application was made with."""
    found = request.app.state.sources
    assert isinstance(found, Sources)  # create_app sets it
    return found


def _language(
    request: Request,
    lang: Annotated[
        Literal["zh", "en"] | None, Query(description="Language of names and reasons, before Accept-Language")
    ] = None,
) -> str:
    return lang or language_of(request)


FromSources = Annotated[Sources, Depends(sources_of)]
InLanguage = Annotated[str, Depends(_language)]
