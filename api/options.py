"""How the service behaves: what the settings say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_pipeline.appraisal.consequences import ConsequenceLine
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.performance import Template
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.scorecards import list_scorecards
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.accounts.oidc import OidcOptions
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.services.cycle.current import Compute, evaluations_by
from qa_pipeline.services.evaluate import read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site's rules: where its files are, and the lines and times that its settings draw."""

    home: Path
    times: Times = field(default_factory=Times)
    line: ConsequenceLine = field(default_factory=ConsequenceLine)
    hold_rule: HoldRule = field(default_factory=HoldRule)
    retention: RetentionRules = field(default_factory=RetentionRules)

    @property
    def scorecards(self) -> Path:
        """Folder of the site's own scorecards."""
        return self.home / "scorecards"

    @property
    def templates(self) -> Path:
        """Folder of the site's own appraisal templates."""
        return self.home / "templates"

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
        return list_scorecards(self.scorecards)

    def list_templates(self) -> Sequence[Template]:
        """Return the appraisal templates to choose from, as the files are now."""
        return list_templates(shipped(), self.templates)

    def compute(self) -> Compute:
        """Return what evaluates a period by the rules as the files are now, and stores nothing."""
        return evaluations_by(read_rules(None, self.templates, self.scorecards))


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
