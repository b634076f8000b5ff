"""Estimate the telephone transform of the embedded speech engine from synthetic speech alone.

    python -m tools.estimate_mllr qa_pipeline/engines/mllr_telephone_en_us

Needs the program ``flite``. Every sentence of ``telephone_sentences.txt`` is spoken by four voices at 16 kHz, and once
more through a telephone: 300-3,400 Hz, 8 kHz, G.711 mu-law, and back to 16 kHz by the resampler that the
pipeline uses. Both versions run through the decoder's own front end; its cepstra come in pairs of the same instant. Per
stream of the model (static, delta, double delta) least squares gives the linear map from wide band to telephone, which
is how a Gaussian mean moves: mu' = A mu + b (Leggetter and Woodland 1995, here with paired data instead of adaptation
speech). Nothing is drawn at random but the faint noise, which is seeded. No human telephone speech and no transcript of
any takes part.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soxr

from qa_pipeline.engines.pocketsphinx import NOISE_RATIO, RATE_HZ, as_pcm, make_decoder

SENTENCES = Path(__file__).with_name("telephone_sentences.txt")
VOICES = ("rms", "slt", "kal16", "awb")
NARROW_HZ = 8_000
CEPSTRA = 13
STREAMS = 3
Array = npt.NDArray[np.float64]


def speak(text: str, voice: str, folder: Path) -> npt.NDArray[np.float32]:
    """Return synthetic speech, shape (n,), 16,000 Hz."""
    path = folder / "speech.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.float32) / 32768
    return soxr.resample(samples, frames[0].sample_rate, RATE_HZ).astype(np.float32)


def through_telephone(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the samples as a telephone line leaves them, at 16,000 Hz and on the same clock."""
    narrow = soxr.resample(samples, RATE_HZ, NARROW_HZ).astype(np.float64)
    spectrum = np.fft.rfft(narrow)
    frequency = np.fft.rfftfreq(narrow.size, 1 / NARROW_HZ)
    gain = 1 / np.sqrt(1 + (300 / np.maximum(frequency, 1)) ** 8) / np.sqrt(1 + (frequency / 3400) ** 32)
    narrow = np.fft.irfft(spectrum * gain, narrow.size)
    coded = mu_law(narrow / max(float(np.abs(narrow).max()), 1e-9) * 0.5)
    return soxr.resample(coded, NARROW_HZ, RATE_HZ).astype(np.float32)


def mu_law(samples: Array) -> Array:
    """Return the samples after 8-bit mu-law coding (G.711, continuous form)."""
    squeezed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
    coded = np.rint(squeezed * 127) / 127
    return np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255


class FrontEnd:
    """The decoder's own features, read from the log that it writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Keyword spotting for one word is the cheapest search; what it finds is not looked at.
        self._decoder = make_decoder(None, mfclogdir=str(folder), lm=None, keyphrase="hello", kws_threshold=1e-20)

    def features(self, samples: npt.NDArray[np.float32], noise_ratio: float) -> Array:
        """Return features after mean normalisation, shape (frames, 39): static, delta, double delta."""
        for path in self._folder.glob("*.mfc"):
            path.unlink()
        self._decoder.start_utt()
        self._decoder.process_raw(as_pcm(samples, noise_ratio), full_utt=True)
        self._decoder.end_utt()
        (path,) = self._folder.glob("*.mfc")
        raw = path.read_bytes()
        cepstra = np.frombuffer(raw[4:], dtype=">f4").reshape(-1, CEPSTRA).astype(np.float64)
        return with_deltas(cepstra - cepstra.mean(axis=0))


def with_deltas(static: Array) -> Array:
    """Append differences as the feature type ``1s_c_d_dd`` defines them."""
    count = len(static)
    at = np.pad(static, ((3, 3), (0, 0)), mode="edge")
    delta = at[5 : 5 + count] - at[1 : 1 + count]
    double = (at[6 : 6 + count] - at[2 : 2 + count]) - (at[4 : 4 + count] - at[:count])
    return np.hstack([static, delta, double])


def pairs() -> Iterator[tuple[Array, Array]]:
    """Yield features of wide-band and telephone version, frame by frame alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        front_end = FrontEnd(folder)
        for text in SENTENCES.read_text(encoding="utf-8").splitlines():
            for voice in VOICES:
                wide = speak(text, voice, folder)
                # The model learnt clean speech; the line noise that the engine adds belongs to the telephone version.
                before = front_end.features(wide, 0.0)
                after = front_end.features(through_telephone(wide), NOISE_RATIO)
                frames = min(len(before), len(after))
                yield before[:frames], after[:frames]


def fit(before: Array, after: Array) -> tuple[Array, Array]:
    """Return A of shape (n, n) and b of shape (n,) with after = A before + b in the least squares sense."""
    design = np.hstack([before, np.ones((len(before), 1))])
    solution = np.linalg.lstsq(design, after, rcond=None)[0]
    return solution[:-1].T, solution[-1]


def render(maps: list[tuple[Array, Array]]) -> str:
    """Return the file that pocketsphinx reads: classes, streams, then size, A, b and variance scales per stream."""
    lines = ["1", str(len(maps))]
    for matrix, offset in maps:
        lines.append(str(len(offset)))
        lines.extend(" ".join(f"{value:.5g}" for value in row) for row in matrix)
        lines.append(" ".join(f"{value:.5g}" for value in offset))
        lines.append(" ".join("1" for _ in offset))
    return "\n".join(lines) + "\n"


def main(target: Path) -> None:
    """Write the transform."""
    found = list(pairs())
    before = np.vstack([pair[0] for pair in found])
    after = np.vstack([pair[1] for pair in found])
    columns = np.split(np.arange(CEPSTRA * STREAMS), STREAMS)
    target.write_text(render([fit(before[:, part], after[:, part]) for part in columns]), encoding="ascii")
    sys.stdout.write(f"{len(found)} utterances, {len(before)} frames -> {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
