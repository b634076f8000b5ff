"""Words to telephone sound: flite for English, espeak-ng with pinyin for Chinese."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from pypinyin import Style, lazy_pinyin
from scipy.signal import butter, sosfilt

RATE_HZ = 8000
SPEECH_LEVEL = 0.05  # root mean square of a turn: -26 dBFS, the nominal level of telephone speech (ITU-T P.56)
DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
# Stretch per flite voice and pitch/speed per Chinese voice: what the embedded engine follows best.
FLITE_STRETCH = {"rms": "1.0", "slt": "1.0", "awb": "1.05", "kal16": "1.15"}
ESPEAK_OPTIONS = {
    "low": ["-p", "30", "-s", "225"],
    "high": ["-p", "72", "-s", "240"],
    "middle": ["-p", "50", "-s", "232"],
}

Samples = npt.NDArray[np.float64]


@lru_cache(maxsize=256)
def speak(text: str, voice: str) -> bytes:
    """Return one turn as float64 bytes, 8,000 Hz, telephone band, no silence at its ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turn.wav"
        if voice in FLITE_STRETCH:
            stretch = f"duration_stretch={FLITE_STRETCH[voice]}"
            command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)]
        else:
            command = ["espeak-ng", "-v", "cmn-latn-pinyin", *ESPEAK_OPTIONS[voice], "-w", str(path), pinyin_of(text)]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            rate_hz = file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    return telephone(raw.astype(np.float64) / 32768, rate_hz).tobytes()


def pinyin_of(text: str) -> str:
    """Return the reading of a Chinese text with tone numbers; digits are read one by one."""
    return " ".join(lazy_pinyin(text.translate(DIGITS), style=Style.TONE3, neutral_tone_with_five=True))


def telephone(samples: Samples, rate_hz: int) -> Samples:
    """Return sound as a telephone passes it: 300-3,400 Hz at 8,000 Hz, one level, silence cut from both ends."""
    narrow = soxr.resample(samples, rate_hz, RATE_HZ)
    narrow = sosfilt(butter(4, [300, 3400], btype="band", fs=RATE_HZ, output="sos"), narrow)
    loud = np.flatnonzero(np.abs(narrow) > 0.02 * np.abs(narrow).max())
    narrow = narrow[max(0, loud[0] - 400) : loud[-1] + 800]
    return narrow * (SPEECH_LEVEL / np.sqrt(np.mean(narrow**2)))
