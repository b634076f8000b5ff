"""Words of a site: its lexicon read from a file, and recognised text corrected to its terms."""

from qa_pipeline.vocabulary.correct import correct, find_corrections, undo
from qa_pipeline.vocabulary.parse import check_lexicon, read_lexicon

__all__ = ["check_lexicon", "correct", "find_corrections", "read_lexicon", "undo"]
