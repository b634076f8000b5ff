"""``HOME/models/confidence.json``: what the site's labels say of the rules."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.stages.artifacts import write_atomically
from qa_pipeline.store.documents import dump, load

NAME = "confidence.json"


def read_calibration(folder: Path) -> Calibration | None:
    """Return the calibration in a folder of models, None when there is none.

    Raises
    ------
    ConfigurationError
        The file is there, but it is none of ours.
    """
    path = folder / NAME
    try:
        return load(Calibration, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValidationError, OSError) as problem:
        raise ConfigurationError(
            N_("The calibration of confidences cannot be read."),
            hint=N_("Make it again with callqa scorecards calibrate, or remove the file."),
            file=str(path),
        ) from problem


def write_calibration(calibration: Calibration, folder: Path) -> Path:
    """Write a calibration, whole or not at all, and return its file; raises StoreError where the folder takes none."""
    path = folder / NAME
    write_atomically(path, dump(calibration))
    return path
