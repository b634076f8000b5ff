"""Settings, read once: defaults < HOME/callqa.toml < environment (``CALLQA_...``) < command-line options."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from qa_pipeline.detectors.suggest import did_you_mean, find_alike
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, ConfigurationError, Message
from qa_pipeline.i18n import console_language
from qa_pipeline.resources.schema import problem_of

_PREFIX = "CALLQA_"
NONE = "none"
_SETTING_OF = {"moves": "move"}  # kinds of engines whose settings bear another name


def _console_language() -> Literal["zh", "en"]:
    return "zh" if console_language() == "zh" else "en"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AsrSettings(_Part):
    """Speech recognition."""

    engine: str = Field(
        "auto",
        description="auto, faster-whisper, openai-whisper, transformers, sherpa-onnx, pocketsphinx or import",
    )
    model: str | None = Field(
        None, description="model: a name such as small or owner/name, or a local directory or file"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where the model runs")
    beam_size: int = Field(5, ge=1, le=20, description="beams of the decoder")
    batch_size: int | None = Field(
        None, ge=1, le=256, description="stretches of speech decoded at once; default 1 on a processor, 16 on a GPU"
    )
    offline: bool = Field(False, description="never ask a model hub")
    endpoint: str | None = Field(None, description="address of a mirror of the model hub")
    prompt: str = Field("", description="words that set the style, such as product names in a sentence")
    hot_words: tuple[str, ...] = Field((), description="product names and the like")
    trust_without_confidence: bool = Field(
        False, description="trust words of engines that give no confidence (SenseVoice, Paraformer); measure first"
    )


class DiarizationSettings(_Part):
    """Telling two parties on one channel apart."""

    engine: str = Field("auto", description="auto, none, resemblyzer or sherpa-onnx")
    model: str | None = Field(None, description="folder with segmentation and embedding models, for sherpa-onnx")


class AudioSettings(_Part):
    """Decoding and speech detection."""

    max_duration_s: float = Field(4 * 3600, gt=0, description="longer recordings are refused")
    raw_format: str | None = Field(None, description="format of header-less files, such as mulaw:8000:1")
    vad_threshold: float = Field(0.35, ge=0.05, le=0.95, description="probability at which speech begins")
    min_silence_s: float = Field(0.5, ge=0.05, le=5, description="shorter pauses do not end a stretch of speech")
    bleed_db: float = Field(
        10.0, ge=3, le=60, description="speech is cross-talk where the other channel is this much louder"
    )


class IntakeSettings(_Part):
    """Files and metadata."""

    language: str | None = Field(None, description="language of contacts whose metadata names none")
    file_pattern: str | None = Field(None, description="file-name pattern such as {started_at}_{agent}_{call_id}")


class TextSettings(_Part):
    """Text models."""

    sentiment_engine: str = Field("embedded", description="embedded or transformers")
    sentiment_model: str | None = Field(None, description="folder of own trained models, or a transformers checkpoint")
    sentiment_context: bool = Field(
        False, description="read Chinese utterances in context, for a model trained on own dialogues with speakers"
    )
    move_engine: str = Field("embedded", description="tagger of service moves: embedded or transformers")
    move_model: str | None = Field(None, description="folder of own trained models, or a transformers checkpoint")
    abuse_engine: str = Field("embedded", description="finder of abuse: embedded or transformers")
    abuse_model: str | None = Field(None, description="folder of own trained models, or a transformers checkpoint")
    reason_engine: str = Field("embedded", description="reason of contacts: embedded, transformers or none")
    reason_model: str | None = Field(None, description="folder of own trained models, or a transformers checkpoint")
    satisfaction_engine: str = Field("embedded", description="satisfaction of customers: embedded or none")
    satisfaction_model: str | None = Field(None, description="folder of own trained models; default HOME/models")
    embedding_engine: str = Field("embedded", description="likeness of meaning: embedded or transformers")
    embedding_model: str | None = Field(None, description="folder of own trained models, or a transformers checkpoint")

    def engine_of(self, kind: str) -> str:
        """Return the engine that is set for a kind of text engine, "none" where the site uses none."""
        name: str = getattr(self, f"{_SETTING_OF.get(kind, kind)}_engine")
        return name

    def model_of(self, kind: str) -> str | None:
        """Return the model that is set for a kind of text engine."""
        model: str | None = getattr(self, f"{_SETTING_OF.get(kind, kind)}_model")
        return model


class JudgeSettings(_Part):
    """The judge of statements in scorecards; docs/judge.md says what leaves the machine."""

    engine: str = Field(
        NONE, description="none, openai (any OpenAI-compatible endpoint) or nli (a transformers checkpoint)"
    )
    model: str | None = Field(None, description="name of the model at the endpoint, or an NLI checkpoint")
    endpoint: str | None = Field(None, description="base address, such as http://127.0.0.1:8000/v1")
    api_key: SecretStr | None = Field(None, description="key of the endpoint, if it asks for one")
    timeout_s: float = Field(60.0, gt=0, le=3600, description="an answer that takes longer counts as a failed try")
    retries: int = Field(3, ge=0, le=20, description="further tries after a failed one")
    requests_per_minute: float | None = Field(
        None, gt=0, le=100_000, description="most requests a minute, all worker processes together"
    )
    window_tokens: int = Field(
        6000, ge=200, le=1_000_000, description="longest piece of a transcript that one request holds"
    )
    max_output_tokens: int = Field(500, ge=50, le=100_000, description="longest answer; more for models that think")
    price_input_per_million: float | None = Field(None, ge=0, description="price of a million tokens sent")
    price_output_per_million: float | None = Field(None, ge=0, description="price of a million tokens answered")
    currency: str = Field("", max_length=8, description="of the prices, such as CNY")

    @field_validator("endpoint")
    @classmethod
    def _is_plain_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            address = urlsplit(value)
            plain = address.scheme in ("http", "https") and bool(address.hostname) and address.username is None
        except ValueError:
            plain = False
        if not plain or address.query or address.fragment:
            raise ValueError(N_("write an address such as http://127.0.0.1:8000/v1; a key belongs into judge.api_key"))
        return value


class CycleSettings(_Part):
    """Publication and appeals."""

    appeal_days: int = Field(7, ge=1, le=90, description="days after publication in which an appeal may be filed")
    answer_days: int = Field(7, ge=1, le=90, description="days in which an instance answers an appeal")
    second_instance_days: int = Field(
        7, ge=1, le=90, description="days after an answer in which the second instance may be asked for"
    )
    consequence_points: float = Field(
        70.0,
        ge=0,
        le=120,
        description="below this total nothing follows from a result without enough reviews by people",
    )
    consequence_reviews: int = Field(3, ge=1, le=100, description="reviews by people that are enough for it")


class ServiceSettings(_Part):
    """The server; docs/service.md."""

    hosts: tuple[str, ...] = Field(
        (), description="names under which browsers and programs reach it, besides those of this machine"
    )
    session_hours: int = Field(12, ge=1, le=720, description="hours after signing in when one must sign in again")
    idle_minutes: int = Field(60, ge=1, le=1440, description="minutes without a request after which one must sign in")
    wrong_passwords_max: int = Field(
        10, ge=3, le=100, description="wrong passwords in a row after which an account is locked for a while"
    )
    lock_minutes: int = Field(15, ge=1, le=1440, description="minutes that an account stays locked")
    one_time_hours: int = Field(
        72, ge=1, le=8760, description="hours for which a password that an administrator made can be used"
    )
    oidc_issuer: str | None = Field(None, description="issuer of the single sign-on provider (OpenID Connect)")
    oidc_client_id: str | None = Field(None, description="name of this site at the provider")
    oidc_client_secret: SecretStr | None = Field(None, description="secret of this site at the provider, if it has one")
    oidc_scopes: tuple[str, ...] = Field(("openid", "profile"), description="what the provider is asked for")
    oidc_login_claim: str = Field("preferred_username", description="what the provider says that is the login here")
    oidc_role_claim: str | None = Field(None, description="what the provider says that decides on the role")
    oidc_roles: dict[str, StaffRole] = Field({}, description="value of that claim -> role; the first that fits wins")
    oidc_agent_claim: str | None = Field(None, description="what the provider says that is the agent id")
    oidc_adds_accounts: bool = Field(
        False, description="make accounts for people whom the provider knows and we do not; needs oidc_role_claim"
    )
    proxies: tuple[str, ...] = Field(
        (), description="addresses or networks of the proxies in front, whose forwarded headers are believed"
    )
    requests_per_minute: int = Field(
        600, ge=10, le=100_000, description="requests of one person or token that each server process answers"
    )
    open_requests_per_minute: int = Field(
        120, ge=10, le=100_000, description="requests of one address without signing in that each process answers"
    )
    sign_ins_per_minute: int = Field(
        10, ge=1, le=1000, description="attempts to sign in from one address that each process takes"
    )
    claim_minutes: int = Field(
        60, ge=5, le=1440, description="minutes after which a contact taken from the review queue is free again"
    )
    body_kb: int = Field(1024, ge=16, le=102_400, description="largest request without a file")
    stop_seconds: int = Field(20, ge=1, le=600, description="seconds that running requests have when it is stopped")
    disk_free_mb: int = Field(500, ge=0, description="free space below which the server says it is not ready")
    metrics_local: bool = Field(False, description="metrics without a token for programs on this machine")
    webhook_private_hosts: bool = Field(
        False, description="messages of webhooks may go into the own network, there by http too"
    )
    webhook_timeout_s: float = Field(10.0, gt=0, le=30, description="seconds that the receiver of a webhook has")
    log_format: Literal["text", "json"] = Field("text", description="form of the log of serve and work")
    import_folders: tuple[Path, ...] = Field(
        (), description="folders of the server whose recordings may be scored over the API"
    )
    upload_mb: int = Field(2048, ge=1, le=1_000_000, description="largest file of a batch, and what a zip unpacks to")
    batch_mb: int = Field(51_200, ge=1, le=100_000_000, description="largest batch of uploaded files")
    batch_files: int = Field(20_000, ge=1, le=1_000_000, description="most files of a batch, those of zips too")
    table_mb: int = Field(20, ge=1, le=1024, description="largest table (CSV or workbook) that is taken as an upload")

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_is_safe(cls, value: str | None) -> str | None:
        # Over plain http anybody on the way could say who somebody is; on this machine there is no way.
        if value is not None:
            parts = urlsplit(value)
            local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
            if not parts.hostname or not (parts.scheme == "https" or local):
                raise ValueError(N_("must be an https address"))
        return value

    @model_validator(mode="after")
    def _single_sign_on_is_whole(self) -> ServiceSettings:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError(N_("needs oidc_issuer and oidc_client_id together"))
        if bool(self.oidc_roles) != (self.oidc_role_claim is not None):
            raise ValueError(N_("needs oidc_role_claim and oidc_roles together"))
        if self.oidc_adds_accounts and self.oidc_role_claim is None:
            raise ValueError(N_("needs oidc_role_claim for oidc_adds_accounts"))
        return self

    @field_validator("proxies")
    @classmethod
    def _known_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError as problem:
                message = N_("'{address}' is no address and no network; write one such as 10.0.0.1 or 10.0.0.0/8")
                raise ValueError(Message(message, {"address": each})) from problem
        return value


class DatabaseSettings(_Part):
    """How the service uses a PostgreSQL server; docs/database.md."""

    pool_size: int = Field(5, ge=1, le=200, description="connections that each server process keeps open")
    pool_more: int = Field(10, ge=0, le=200, description="further connections that it opens when it needs them")
    pool_wait_s: float = Field(10.0, ge=0, le=300, description="seconds that a request waits for a free connection")
    statement_timeout_s: float = Field(
        30.0, ge=0, le=3600, description="seconds after which a statement of the service is stopped; 0 never"
    )


class BatchSettings(_Part):
    """Batch runs."""

    workers: int | None = Field(
        None, ge=0, le=1024, description="worker processes; default one per processor, 0 in-process"
    )
    task_timeout_s: float = Field(7200, gt=0, description="a contact that takes longer is stopped and reported")
    part_s: float = Field(
        600.0, ge=0, description="a call with twice as much speech is recognised in parts of at least this; 0 never"
    )
    ray_address: str | None = Field(
        None, description="host:port of a Ray cluster's head, or auto; default a Ray of this machine alone"
    )
    ray_cpus: float = Field(1.0, gt=0, le=1024, description="processors of one worker on Ray")
    ray_gpus: float | None = Field(
        None,
        ge=0,
        le=64,
        description="GPUs of one worker on Ray that recognises speech; default 1 with asr.device cuda",
    )
    ray_wait_s: float = Field(
        300.0, gt=0, le=86_400, description="how long a contact may wait for the first worker on Ray that can do it"
    )


class JobSettings(_Part):
    """Jobs of the worker processes; docs/jobs.md."""

    batches: int = Field(1, ge=1, le=64, description="batches that one worker process does at once")
    lease_s: float = Field(
        30.0,
        ge=2,
        le=3600,
        description="seconds after its last sign in which a worker counts as gone; the same on all machines",
    )


class HoldSettings(_Part):
    """When a criterion stops scoring by itself; docs/calibration.md."""

    error_limit: float = Field(
        0.1, gt=0, lt=1, description="share of wrong findings beyond what people disagree among themselves"
    )
    reviews_min: int = Field(20, ge=5, le=10_000, description="blind random reviews below which nothing is decided")
    upheld_min: int = Field(3, ge=1, le=1000, description="upheld appeals below which nothing is decided")
    months: int = Field(6, ge=1, le=120, description="how far back reviews and appeals count")


class RetentionSettings(_Part):
    """How long things are kept, for ever where nothing is set; docs/retention.md."""

    contact_days: int | None = Field(
        None, ge=1, le=36_500, description="days after a contact when all of it is deleted"
    )
    audio_days: int | None = Field(
        None, ge=1, le=36_500, description="days after a contact when its uploaded recording is deleted"
    )
    upload_days: int | None = Field(
        None, ge=1, le=36_500, description="days after which other uploaded files are deleted"
    )
    result_months: int | None = Field(
        None, ge=1, le=1200, description="months after a period when its results and what led to them are deleted"
    )
    trace_days: int | None = Field(
        None, ge=1, le=36_500, description="days after which ended sessions, jobs and delivered messages are deleted"
    )
    risk_months: int = Field(6, ge=1, le=6, description="months after which predictions of risk are deleted")
    risk_exit_days: int = Field(
        30, ge=0, le=30, description="days after a person's last day when predictions of risk about them are deleted"
    )


class Settings(BaseSettings):
    """All settings. The home folder holds database, artifacts, models and the user's own rule files."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    home: Path = Field(default_factory=lambda: user_data_path("callqa", appauthor=False), description="data folder")
    database_url: str | None = Field(None, description="SQLAlchemy address; default HOME/callqa.db")
    artifacts_url: str | None = Field(
        None, description="where stage outputs lie: a folder, or s3://bucket/prefix; default HOME/artifacts"
    )
    time_zone: str = Field("Asia/Shanghai", description="the site's zone, for times without one and for months")
    lang: Literal["zh", "en"] = Field(default_factory=_console_language, description="language of messages")
    asr: AsrSettings = AsrSettings()
    diarization: DiarizationSettings = DiarizationSettings()
    audio: AudioSettings = AudioSettings()
    intake: IntakeSettings = IntakeSettings()
    text: TextSettings = TextSettings()
    judge: JudgeSettings = JudgeSettings()
    batch: BatchSettings = BatchSettings()
    jobs: JobSettings = JobSettings()
    holds: HoldSettings = HoldSettings()
    cycle: CycleSettings = CycleSettings()
    retention: RetentionSettings = RetentionSettings()
    service: ServiceSettings = ServiceSettings()
    database: DatabaseSettings = DatabaseSettings()

    @field_validator("home")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.absolute()  # workers on other machines do not share our working directory

    @field_validator("artifacts_url")
    @classmethod
    def _all_machines_reach_it(cls, value: str | None) -> str | None:
        if value is None or "://" not in value:
            return None if value is None else str(Path(value).absolute())
        scheme, _, place = value.partition("://")
        scheme = scheme.lower()
        if "@" in place or "?" in place or "#" in place:
            raise ValueError(N_("write no credentials and no options into the address; see docs/objects.md"))
        if scheme in ("file", "local") and place.startswith("/"):
            return str(Path(url2pathname(place)).absolute())
        if scheme in ("file", "local", "memory") or "::" in value or not place.split("/")[0]:
            raise ValueError(N_("write a folder, or an address that all machines reach, such as s3://bucket/prefix"))
        return f"{scheme}://{place.rstrip('/')}"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            message = N_("there is no time zone '{zone}'; write one such as Asia/Shanghai")
            raise ValueError(Message(message, {"zone": value})) from problem
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def store_url(self) -> str:
        """Address of the database."""
        return self.database_url or f"sqlite:///{(self.home / 'callqa.db').absolute()}"

    @property
    def artifacts(self) -> Path | str:
        """Where stage outputs lie: a folder, or a URL."""
        url = self.artifacts_url
        if url is None:
            return self.home / "artifacts"
        return url if "://" in url else Path(url)

    @property
    def scorecards(self) -> Path:
        """Folder of the user's own scorecards."""
        return self.home / "scorecards"

    @property
    def lexicon(self) -> Path:
        """The site's own words: hints by queue and terms; need not exist."""
        return self.home / "lexicon.yaml"

    @property
    def models(self) -> Path:
        """Folder of the models that the user trained."""
        return self.home / "models"

    @property
    def risk_models(self) -> Path:
        """Where risk models of this site lie, each in a folder of its own."""
        return self.models / "risk"

    @property
    def templates(self) -> Path:
        """Folder of the user's own appraisal templates."""
        return self.home / "templates"

    @property
    def awards(self) -> Path:
        """Folder of the user's own award rules."""
        return self.home / "awards"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options before environment before file; ``.env`` files are not read."""
        del dotenv_settings, file_secret_settings
        return (init_settings, env_settings, _File(settings_cls, _home_of(init_settings())))


class _File(PydanticBaseSettingsSource):
    """The ``callqa.toml`` of the home folder."""

    def __init__(self, settings_cls: type[BaseSettings], home: Path) -> None:
        super().__init__(settings_cls)
        self.path = home / "callqa.toml"

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Give one value; the whole document is given at once instead."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        # Not only TOMLDecodeError: a number of thousands of digits is a plain ValueError, lists in lists end the stack.
        except (OSError, ValueError, RecursionError) as problem:
            raise ConfigurationError(
                N_("The settings file cannot be read: {problem}."),
                hint=N_("Correct the file; every setting is described in docs/settings.md."),
                file=str(self.path),
                problem=problem,
            ) from problem


def _home_of(options: dict[str, Any]) -> Path:
    named = options.get("home") or os.environ.get("CALLQA_HOME")
    return Path(named) if named else user_data_path("callqa", appauthor=False)


def _file_of(setting: str, options: dict[str, Any]) -> str | None:
    """Return the settings file where it alone gives a setting, or group of settings; None where others have a say."""
    file = _File(Settings, _home_of(options))
    variable = (_PREFIX + setting).upper()
    is_elsewhere = options.get(setting) is not None or any(name.upper().startswith(variable) for name in os.environ)
    return str(file.path) if setting in file() and not is_elsewhere else None


def _variables(part: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in part.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables(kind, f"{prefix}{name.upper()}__")
        yield f"{prefix}{name.upper()}"  # of a group too: its variable takes all of it as JSON


def _check_environment(environment: Iterable[str]) -> None:
    """Refuse variables that nothing would read: a misspelt one must not be passed over in silence."""
    known = set(_variables(Settings))
    for name in sorted(environment):
        # The prefix is common to all and would make every name look alike.
        prefix, setting = name[: len(_PREFIX)].upper(), name[len(_PREFIX) :].upper()
        if prefix == _PREFIX and setting not in known:
            near = find_alike(setting, known)
            raise ConfigurationError(
                N_("There is no setting for the environment variable {name}{suggestion}."),
                hint=N_("Correct or unset it; every setting is described in docs/settings.md."),
                field=name,
                name=name,
                suggestion=did_you_mean(_PREFIX + near) if near else "",
            )


def read_settings(**options: Any) -> Settings:
    """Read the settings; `options` are those of the command line, None meaning not given.

    Raises
    ------
    ConfigurationError
        Naming the setting that is wrong, or the variable that is none.
    """
    _check_environment(os.environ)
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            N_("The setting {name} is wrong: {problem}."),
            hint=N_("Every setting is described in docs/settings.md."),
            file=_file_of(str(first["loc"][0]) if first["loc"] else "", options),
            field=name,
            name=name,
            problem=problem_of(first),
        ) from problem
