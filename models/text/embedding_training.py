"""Training the embedded measure of likeness; needs torch, and the same tables give the same model on one machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from models.text.classifier import Floats
from models.text.embedding import NGRAMS_OF, NgramEmbedding
from models.text.labelled import digest_of
from models.text.ngrams import NGRAMS, as_learned, normalise
from qa_pipeline.errors import N_, EngineError, InputError, RowError
from qa_pipeline.intake.tables import read_table
from qa_pipeline.scoring.move_lexicon import LEXICON, move_wording
from qa_pipeline.services.validate.labelled_rows import missing_columns

_GROUP_COLUMNS = ("category", "reason", "intent", "acts", "act")
# Labels that say what a sentence is not; what carries them need not be alike.
_SAY_NOTHING = frozenset({"", "other", "none", "generic", "contentonly", "outofdomain", "其他"})
_NEIGHBOURS_MAX = 4000  # texts of a table that are compared with each other
_DIRECTION_MAX = 127  # of an int8
_NGRAMS_OF_VIEW = 3  # a text with fewer has no two views


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingOptions:
    """What can be chosen.

    Attributes
    ----------
    seed : int
        Starts the learned part and chooses the pairs.
    places : int
        Width of the learned part.
    lexical_share : float
        Part of a likeness that the words give.
    ngrams_max, min_count : int
        N-grams that are kept, and how many texts each must occur in.
    steps : int
        Batches of training.
    groups : int
        Groups of a batch, two texts of each.
    views : int
        Texts of a batch that are compared with themselves, half of their n-grams left out.
    sharpness : float
        Likenesses are divided by this before the softmax.
    """

    seed: int = 0
    places: int = 128
    lexical_share: float = 0.3
    ngrams_max: int = 20_000
    min_count: int = 3
    steps: int = 800
    groups: int = 96
    views: int = 128
    sharpness: float = 0.05


@dataclass(frozen=True, slots=True)
class TextGroups:
    """Texts of one table; ``groups``: what texts that mean the same share, "" where nobody says."""

    name: str
    sha256: str
    texts: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainedEmbedding:
    """The model and what its card says."""

    model: NgramEmbedding
    card: Mapping[str, Any]


def read_text_groups(path: Path, *, labelled: bool) -> TextGroups:
    """Read ``text`` and, when `labelled`, the first of category, reason, intent, acts and act that is there.

    Raises
    ------
    TableError
        When a column is missing.
    RowError
        At the first row that cannot be read.
    """
    table = read_table(path)
    headers = table.columns
    group = next((headers[name] for name in _GROUP_COLUMNS if name in headers), None)
    if "text" not in headers or (labelled and group is None):
        raise missing_columns(table, "text, category" if labelled else "text")
    rows = []
    for row in table.rows:
        if isinstance(row, RowError):
            raise row
        rows.append((row.values[headers["text"]], row.values[group].strip() if labelled and group else ""))
    said = [(text, name) for text, name in rows if text.strip()]
    return TextGroups(path.name, digest_of(path), tuple(text for text, _ in said), tuple(name for _, name in said))


def train_embedding(
    tables: Sequence[TextGroups],
    language: str,
    options: EmbeddingOptions | None = None,
    *,
    evaluate: Sequence[TextGroups] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> TrainedEmbedding:
    """Train vectors in which texts of one group are near.

    The learned part and the weights of the n-grams are fitted together by a contrastive loss (InfoNCE, van den Oord et
    al. 2018): of all texts of a batch, each must be nearest to the other one of its group, or to the other view of
    itself. The project's own wording of service moves is a table too. Of each table in `evaluate` the figure is the
    share of texts whose nearest other text is of the same group.

    Raises
    ------
    InputError
        When no group has two texts.
    EngineError
        When torch is not installed.
    """
    _check_torch()
    options = options or EmbeddingOptions()
    known = [*tables, _own_wording(language)]
    texts, groups = _rows_of(known, language)
    members = {name: rows for name, rows in groups.items() if len(rows) > 1}
    if not members:
        raise InputError(N_("No two texts of the tables are in the same group."))
    progress(N_("Counting n-grams"))
    ngrams, counts, idf = _counted(texts, language, options)
    progress(N_("Fitting"))
    weights, directions = _Fitting(counts, idf, members, options).run()
    scales = np.abs(directions).max(axis=1) / _DIRECTION_MAX
    model = NgramEmbedding(
        language=NGRAMS_OF[language],
        vocabulary=ngrams,
        weights=np.abs(weights).astype(np.float16),
        unknown_weight=round(float(np.quantile(np.abs(weights), 0.9)), 4),
        directions=np.round(directions / scales[:, None]).astype(np.int8),
        scales=(scales * weights).astype(np.float16),
        lexical_share=options.lexical_share,
    )
    progress(N_("Measuring on held-out texts"))
    card = {
        "name": f"embedding-{language}",
        "kind": "embedding",
        "language": language,
        "method": "hashed n-grams beside n-gram vectors fitted by a contrastive loss",
        "options": asdict(options),
        "data": [
            {"file": table.name, "sha256": table.sha256, "rows": len(table.texts), "groups": len(_told(table))}
            for table in known
        ],
        "evaluated": {table.name: neighbour_figures(model, table, language) for table in evaluate},
    }
    return TrainedEmbedding(model, card)


def _check_torch() -> None:
    if find_spec("torch") is None:
        raise EngineError(
            N_("Training a measure of likeness needs torch; using one does not."),
            hint=N_("Run: {install}"),
            install="pip install 'callqa[transformers]'",
        )


def _counted(
    texts: Sequence[str], language: str, options: EmbeddingOptions
) -> tuple[tuple[str, ...], sparse.csr_matrix, Floats]:
    """Return the n-grams that are kept, the logarithms of their counts, shape (texts, n-grams), and their idf."""
    vectorizer = CountVectorizer(
        analyzer=NGRAMS[NGRAMS_OF[language]],
        min_df=options.min_count,
        max_features=options.ngrams_max,
        dtype=np.float32,
    )
    counts = vectorizer.fit_transform(texts).tocsr()
    counts.data = np.log1p(counts.data)
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    idf: Floats = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
    return tuple(str(ngram) for ngram in vectorizer.get_feature_names_out()), counts, idf


def neighbour_figures(model: NgramEmbedding, table: TextGroups, language: str) -> dict[str, Any]:
    """Return of how many different texts the nearest other one is of the same group; groups of one are left out."""
    group_of = {normalise(text): name for text, name in zip(table.texts, table.groups, strict=True)}
    said = {normalise(text): text for text in table.texts}
    sizes: dict[str, int] = {}
    for name in group_of.values():
        sizes[name] = sizes.get(name, 0) + 1
    kept = [key for key, name in group_of.items() if name not in _SAY_NOTHING and sizes[name] > 1][:_NEIGHBOURS_MAX]
    vectors = model.embed(as_learned([said[key] for key in kept], language))
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    names = np.array([group_of[key] for key in kept])
    hit = names[likeness.argmax(axis=1)] == names
    return {"n": len(kept), "groups": len(set(names.tolist())), "nearest_same_group": round(float(hit.mean()), 4)}


def _told(table: TextGroups) -> set[str]:
    return {name for name in table.groups if name.casefold() not in _SAY_NOTHING}


def _own_wording(language: str) -> TextGroups:
    pairs = [(phrase.written, each.move.value) for each in move_wording(language) for phrase in each.phrases]
    return TextGroups(
        "moves.yaml", digest_of(LEXICON), tuple(said for said, _ in pairs), tuple(move for _, move in pairs)
    )


def _rows_of(tables: Sequence[TextGroups], language: str) -> tuple[list[str], dict[str, npt.NDArray[np.intp]]]:
    """Return the texts of all tables, each once per table, and the rows of each group."""
    texts: list[str] = []
    groups: dict[str, list[int]] = {}
    for number, table in enumerate(tables):
        told = _told(table)
        once = {normalise(text): (text, name) for text, name in zip(table.texts, table.groups, strict=True)}
        for text, name in once.values():
            if name in told:
                groups.setdefault(f"{number}:{name}", []).append(len(texts))
            texts.append(text)
    return list(as_learned(texts, language)), {name: np.array(rows) for name, rows in groups.items()}


class _Fitting:
    """The contrastive fit over counted n-grams."""

    def __init__(
        self,
        counts: sparse.csr_matrix,
        idf: Floats,
        members: Mapping[str, npt.NDArray[np.intp]],
        options: EmbeddingOptions,
    ) -> None:
        import torch

        self._torch, self._options, self._counts = torch, options, counts
        torch.manual_seed(options.seed)
        self._random = np.random.default_rng(options.seed)
        self._members = list(members.values())
        self._group = np.full(counts.shape[0], -1)
        for number, rows in enumerate(self._members):
            self._group[rows] = number
        self._long = np.flatnonzero(np.diff(counts.indptr) >= _NGRAMS_OF_VIEW)
        start = torch.randn(counts.shape[1], options.places) / options.places**0.5
        self._directions = torch.nn.Parameter(start)
        self._weights = torch.nn.Parameter(torch.tensor(idf / 5, dtype=torch.float32))

    def run(self) -> tuple[Floats, Floats]:
        """Return the weights, shape (m,), and the directions, shape (m, places)."""
        torch, options = self._torch, self._options
        optimiser = torch.optim.Adam(
            [{"params": [self._directions], "lr": 2e-3}, {"params": [self._weights], "lr": 1e-2}]
        )
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums in one order, whatever the machine
        try:
            for _ in range(options.steps):
                views = self._random.choice(self._long, min(options.views, len(self._long)), replace=False)
                chosen = self._random.choice(len(self._members), min(options.groups, len(self._members)), replace=False)
                pairs = np.array([self._random.choice(self._members[group], 2, replace=False) for group in chosen])
                loss = self._loss(pairs[:, 0], pairs[:, 1], 0.2) + 0.5 * self._loss(views, views, 0.5)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        finally:
            torch.set_num_threads(threads)
        return (
            self._weights.detach().numpy().astype(np.float64),
            self._directions.detach().numpy().astype(np.float64),
        )

    def _loss(self, ones: npt.NDArray[np.intp], others: npt.NDArray[np.intp], left_out: float) -> Any:
        torch = self._torch
        likeness = self._vectors(ones, left_out) @ self._vectors(others, left_out).T / self._options.sharpness
        # Another text of the same group is no wrong answer.
        same = (self._group[ones][:, None] == self._group[others][None]) & (self._group[ones][:, None] >= 0)
        np.fill_diagonal(same, False)
        likeness = likeness.masked_fill(torch.from_numpy(same), -1e4)
        right = torch.arange(len(ones))
        loss = torch.nn.functional.cross_entropy
        return (loss(likeness, right) + loss(likeness.T, right)) / 2

    def _vectors(self, rows: npt.NDArray[np.intp], left_out: float) -> Any:
        torch = self._torch
        part = self._counts[rows]
        lengths = np.diff(part.indptr)
        kept = (self._random.random(part.nnz) >= left_out) | np.repeat(lengths < _NGRAMS_OF_VIEW, lengths)
        places = torch.from_numpy(part.indices[kept].astype(np.int64))
        starts = np.concatenate([[0], np.cumsum(kept)])[part.indptr[:-1]]
        weights = torch.from_numpy(part.data[kept]) * self._weights[places]
        bags = torch.nn.functional.embedding_bag(
            places, self._directions, torch.from_numpy(starts), mode="sum", per_sample_weights=weights
        )
        return torch.nn.functional.normalize(bags, dim=1)
