"""Two years of another floor of the demo's company, simulated: who left, who was looked at, whether coaching helped.

Its tables go the way of real ones: they are imported, the checklist is completed, a model fitted, a waiting list drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from callqa.demo import PERIODS, DemoSet
from callqa.demo.accounts import LOGINS
from callqa.settings import Settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_
from qa_pipeline.services.assignments_import import import_assignments
from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.store import Store

if TYPE_CHECKING:
    from coaching.simulation.centre import Centre

# The floor's indicators end before the months that the demo evaluates: those are of the people whose contacts it has.
_FIRST_MONTH, _MONTHS, _KPI_MONTHS = "2024-11", 24, 21
_SELECTED_MONTH, _SECOND_WAVE_AFTER = 12, 5  # November 2025, and five months after the first wave
_POSTS, _SEED = 60, 2026
_TEAMS = (N_("Night floor 1 (invented)"), N_("Night floor 2 (invented)"), N_("Night floor 3 (invented)"))
_OWNER = N_("Head of personnel (invented)")
_LIST = N_("Say sorry, then confirm (invented)")
_DOCUMENT = N_(
    "Invented for the demo. A real one says what is looked at and why, for how long it is kept, who sees it and who"
    " does not, that nothing follows from it for pay, ratings, shifts or contracts, how one objects, and whom to ask."
)


def install_history(
    store: Store, settings: Settings, demo: DemoSet, translate: Callable[[str], str], now: datetime
) -> None:
    """Import the floor, complete the checklist, fit, score, and draw the waiting list, in the name of demo's HR."""
    # scikit-learn takes a second to load, which every other command would wait for.
    from coaching.risk.personnel import import_figures
    from coaching.risk.runs import fit_site, score_site
    from qa_pipeline.domain.risk import RiskTerms

    by, month = LOGINS[StaffRole.HR], PERIODS[-1]
    centre = _simulate(translate)
    _import_floor(store, settings, centre)
    import_figures(store, demo.staff_months)
    _complete_checklist(store, translate, now)
    _draw_list(store, centre, translate(_LIST), settings.zone)
    fit_site(store, settings.risk_models, month, by, now)
    terms = RiskTerms(capacity=5, cost=1_000.0, effect_ratio=0.2, replacement_cost=40_000.0)
    score_site(store, settings.risk_models, month, terms, by, now)


def _simulate(translate: Callable[[str], str]) -> Centre:
    from coaching.simulation.centre import CentreSettings, simulate_centre
    from coaching.simulation.settings import Coaching

    return simulate_centre(
        CentreSettings(
            agents=_POSTS,
            teams=len(_TEAMS),
            team_names=tuple(translate(team) for team in _TEAMS),
            months=_MONTHS,
            first_month=_FIRST_MONTH,
            monthly_exit_ratio=0.05,
            coaching=Coaching.WAITING_LIST,
            coached_share=0.15,
            coaching_effect_points=4.0,
            selection_months=(_SELECTED_MONTH,),
            second_wave_after_months=_SECOND_WAVE_AFTER,
            seed=_SEED,
        )
    )


def _import_floor(store: Store, settings: Settings, centre: Centre) -> None:
    from coaching.risk.personnel import import_departures, import_figures
    from coaching.simulation.files import write_centre

    with TemporaryDirectory() as folder:
        files = write_centre(centre, Path(folder))
        import_assignments(store, files.assignments, templates=settings.templates)
        for path in files.kpis[:_KPI_MONTHS]:
            import_kpis(store, path)
        import_departures(store, files.departures)
        import_figures(store, files.staff_months)


def _complete_checklist(store: Store, translate: Callable[[str], str], now: datetime) -> None:
    from coaching.risk.checklist import complete_checklist, proof_of

    content = (translate(_DOCUMENT) * 3).encode()
    with store.transaction() as tx:
        complete_checklist(
            tx,
            impact_assessment=proof_of("impact-assessment-demo.md", content),
            staff_notice=proof_of("staff-notice-demo.md", content),
            owner=translate(_OWNER),
            by=LOGINS[StaffRole.HR],
            now=now,
        )


def _draw_list(store: Store, centre: Centre, name: str, zone: ZoneInfo) -> None:
    """Draw the list as the simulated floor was coached, on the day it began: its ids and seed make the same waves."""
    from coaching.effect.cohorts import Draw, draw_list

    first = _SELECTED_MONTH + 1
    wanted = Draw(
        name=name,
        selected_period=centre.months[_SELECTED_MONTH],
        first_from=centre.months[first],
        second_from=centre.months[first + _SECOND_WAVE_AFTER],
        agent_ids=[agent_id for agent_id, wave in zip(centre.agent_ids, centre.wave, strict=True) if wave],
        seed=_SEED,
    )
    drawn_at = datetime.combine(period_days(wanted.first_from)[0], time(9), tzinfo=zone)
    with store.transaction() as tx:
        draw_list(tx, wanted, LOGINS[StaffRole.HR], drawn_at)
