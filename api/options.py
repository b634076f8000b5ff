"""How the service behaves: what the settings say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from qa_pipeline.appraisal.consequences import ConsequenceLine
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.performance import Template
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.registry import EngineState
from qa_pipeline.engines.text import TextEngine
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.scorecards import list_scorecards
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.accounts.oidc import OidcOptions
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.services.cycle.current import Compute, evaluations_by
from qa_pipeline.services.evaluate import read_rules
from qa_pipeline.services.rule_files import RuleFolders

Stamp = frozenset[tuple[str, int, int]]


def stamp_of(folder: Path) -> Stamp:
    """Return names, times and sizes of the rule files in a folder, by which a change is seen."""
    if not folder.is_dir():
        return frozenset()
    found = ((path, path.stat()) for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    return frozenset(
        (path.name, stat.st_mtime_ns, stat.st_size) for path, stat in found if not path.name.startswith(".")
    )


# Reading all rules takes a tenth of a second, which every page that names one would wait for.
@lru_cache(maxsize=8)
def _cards_of(folder: Path, stamp: Stamp) -> Sequence[Scorecard]:
    return tuple(list_scorecards(folder))


@lru_cache(maxsize=8)
def _templates_of(folder: Path, stamp: Stamp) -> Sequence[Template]:
    return tuple(list_templates(shipped(), folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site's rules: where its files are, and the lines and times that its settings draw.

    ``engines``: what scorecards may ask of words, and ``calibration`` how sure their findings are.
    """

    home: Path
    times: Times = field(default_factory=Times)
    line: ConsequenceLine = field(default_factory=ConsequenceLine)
    hold_rule: HoldRule = field(default_factory=HoldRule)
    retention: RetentionRules = field(default_factory=RetentionRules)
    engines: tuple[TextEngine, ...] = ()
    calibration: Calibration | None = None

    @property
    def scorecards(self) -> Path:
        """Folder of the site's own scorecards."""
        return self.home / "scorecards"

    @property
    def templates(self) -> Path:
        """Folder of the site's own appraisal templates."""
        return self.home / "templates"

    @property
    def risk_models(self) -> Path:
        """Folder of the risk models that were fitted on this site."""
        return self.home / "models" / "risk"

    @property
    def rule_folders(self) -> RuleFolders:
        """Both folders of rule files that people save."""
        return RuleFolders(scorecards=self.scorecards, templates=self.templates)

    @property
    def awards(self) -> Path:
        """Folder of the site's own award rules."""
        return self.home / "awards"

    @property
    def uploads(self) -> Path:
        """Folder of what was uploaded."""
        return self.home / "uploads"

    def cards(self) -> Sequence[Scorecard]:
        """Return the scorecards to choose from, as the files are now."""
        return _cards_of(self.scorecards, stamp_of(self.scorecards))

    def list_templates(self) -> Sequence[Template]:
        """Return the appraisal templates to choose from, as the files are now."""
        return _templates_of(self.templates, stamp_of(self.templates))

    def compute(self) -> Compute:
        """Return what evaluates a period by the rules as the files are now, and stores nothing."""
        return evaluations_by(read_rules(None, self.templates, self.scorecards))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    """A setting as it may be shown: its name, its value without secrets, and whether it is the default."""

    name: str
    value: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the server is told of itself, for administrators: how its engines are, and the settings as read."""

    engines: Callable[[], Sequence[EngineState]] = tuple
    settings: Sequence[ShownSetting] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """Limits of the service.

    ``hosts``: names under which it may be asked for besides those of this machine. ``sign_in``: how long sessions last
    and what wrong passwords do. ``single_sign_on``: the site's provider.
    ``table_mb``: the largest table that is taken. ``proxies``: whose forwarded headers are believed.
    ``requests_per_minute`` of one person or token, ``open_requests_per_minute`` and ``sign_ins_per_minute`` of one
    address, in each server process, None without limit. ``body_kb``: the largest request without a file.
    ``disk_free_mb``: below it the server is not ready. ``metrics_local``: metrics without a token on this machine.
    ``webhook_private_hosts``: whether messages may go into the site's own network. ``import_folders``: folders of the
    server that may be scored. ``upload_mb`` of one file, ``batch_mb`` and ``batch_files`` of all files of a batch.
    ``claim_minutes``: how long a contact is taken from the review queue.
    """

    hosts: tuple[str, ...] = ()
    sign_in: SignInRules = field(default_factory=SignInRules)
    single_sign_on: OidcOptions | None = None
    proxies: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    open_requests_per_minute: int | None = None
    sign_ins_per_minute: int | None = None
    body_kb: int = 1024
    disk_free_mb: int = 500
    metrics_local: bool = False
    webhook_private_hosts: bool = False
    table_mb: int = 20
    import_folders: tuple[Path, ...] = ()
    upload_mb: int = 2048
    batch_mb: int = 51_200
    batch_files: int = 20_000
    claim_minutes: int = 60
    about: About = field(default_factory=About)
