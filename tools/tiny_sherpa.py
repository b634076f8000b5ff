"""Build models for sherpa-onnx that say one known text, a few kilobytes each, for tests.

    python tools/tiny_sherpa.py FOLDER --family sense-voice --tokens "<|zh|> <|NEUTRAL|> <|Speech|> <|withitn|> 你 好"

The files are laid out and carry the metadata of real releases, and the library's own code loads them, computes the
features, searches and gives the times; only what the model says is made up: token after token, one for every second
frame of its output, for every sound. With ``--loud`` it says another text where the sound is loud, so that a test can
make a call that switches. The tokens of SenseVoice begin with its four tags.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LOUD_FROM = 12.0
"""Mean log energy of the filter banks: white noise of 0.001 lies near 8, of 0.3 near 19, at 16-bit scale."""

SURE = 20.0
"""A logit against zeros: probability 1 - 2e-9 for each other token."""

FAMILIES = ("sense-voice", "paraformer", "zipformer-ctc")
_LFR = {"lfr_window_size": "7", "lfr_window_shift": "6"}


def build(
    folder: Path,
    family: str,
    tokens: Sequence[str],
    *,
    loud: Sequence[str] | None = None,
    vocabulary: Sequence[str] = (),
    times: bool = True,
) -> Path:
    """Write ``model.onnx`` and ``tokens.txt`` into `folder` and return it.

    Parameters
    ----------
    tokens
        What the model says, for SenseVoice after its four tags (language, emotion, event, normalisation).
    loud
        What it says where the sound is loud; `tokens` if None.
    vocabulary
        More symbols for ``tokens.txt``.
    times : bool
        Whether a Paraformer tells when it says each token; its older releases do not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said = [list(tokens), list(tokens if loud is None else loud)]
    symbols = list(dict.fromkeys(("<blk>", "<s>", "</s>", *said[0], *said[1], *vocabulary)))
    (folder / "tokens.txt").write_text(
        "".join(f"{symbol} {code}\n" for code, symbol in enumerate(symbols)), encoding="utf-8"
    )
    rows = [_rows(family, [symbols.index(token) for token in text]) for text in said]
    graph, metadata = _graph(family, rows, len(symbols), times)
    _save(graph, folder / "model.onnx", metadata)
    return folder


def _rows(family: str, codes: Sequence[int]) -> list[int]:
    """Return the token of every output frame: tags and Paraformer's tokens follow each other, others take turns with
    the blank."""
    if family == "paraformer":
        return list(codes)
    tags = 4 if family == "sense-voice" else 0
    return [*codes[:tags], *(frame for code in codes[tags:] for frame in (0, code))]


def _graph(
    family: str, rows: Sequence[Sequence[int]], vocabulary: int, times: bool
) -> tuple[onnx.GraphProto, Mapping[str, str]]:
    length = max(map(len, rows))
    table = np.zeros((2, length + 1, vocabulary), np.float32)  # the last row is the blank, for ever
    for at, row in enumerate(rows):
        padded = [*row, *[0] * (length + 1 - len(row))]
        table[at, np.arange(length + 1), padded] = SURE
    constants = {"table": table, "last": np.array(length), "zero": np.array(0), "one": np.array(1)}
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["level"], axes=[1, 2], keepdims=0),
        helper.make_node("Greater", ["level", "threshold"], ["is_loud"]),
        helper.make_node("Cast", ["is_loud"], ["which"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "which"], ["own"], axis=0),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["frames_in"], axis=0),
    ]
    constants["threshold"] = np.array(LOUD_FROM, np.float32)
    make = {"sense-voice": _sense_voice, "paraformer": _paraformer, "zipformer-ctc": _ctc}[family]
    more, inputs, outputs, metadata = make(constants, len(rows[0]), vocabulary, times)
    graph = helper.make_graph([*nodes, *more], family, inputs, outputs, _initializers(constants))
    return graph, {"vocab_size": str(vocabulary), **metadata}


def _value(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def _sounding(frames: str) -> list[onnx.NodeProto]:
    """Return the nodes that give the logits of so many frames."""
    return [
        helper.make_node("Range", ["zero", frames, "one"], ["each"]),
        helper.make_node("Min", ["each", "last"], ["row"]),
        helper.make_node("Gather", ["own", "row"], ["logits"], axis=1),
    ]


_Parts = tuple[list[onnx.NodeProto], list[onnx.ValueInfoProto], list[onnx.ValueInfoProto], Mapping[str, str]]


def _statistics(width: int) -> dict[str, str]:
    return {"neg_mean": ",".join(["0"] * width), "inv_stddev": ",".join(["1"] * width)}


def _sense_voice(constants: dict[str, np.ndarray], said: int, vocabulary: int, times: bool) -> _Parts:
    del said, times
    constants["tags"] = np.array(4)
    nodes = [helper.make_node("Add", ["frames_in", "tags"], ["frames"]), *_sounding("frames")]
    inputs = [
        _value("x", TensorProto.FLOAT, "N", "T", 560),
        *(_value(name, TensorProto.INT32, "N") for name in ("x_length", "language", "text_norm")),
    ]
    languages = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
    metadata = {
        "model_type": "sense_voice_ctc",
        "normalize_samples": "0",
        "with_itn": "14",
        "without_itn": "15",
        **{f"lang_{name}": str(code) for name, code in languages.items()},
        **_LFR,
        **_statistics(560),
    }
    return nodes, inputs, [_value("logits", TensorProto.FLOAT, "N", "L", vocabulary)], metadata


def _paraformer(constants: dict[str, np.ndarray], said: int, vocabulary: int, times: bool) -> _Parts:
    constants["count"] = np.array([said], np.int32)
    constants["said"] = np.array(said)
    constants["ones"] = np.array([1])
    nodes = [
        *_sounding("said"),
        helper.make_node("Shape", ["is_loud"], ["batch"]),
        helper.make_node("Expand", ["count", "batch"], ["token_num"]),
    ]
    outputs = [
        _value("logits", TensorProto.FLOAT, "N", "L", vocabulary),
        _value("token_num", TensorProto.INT32, "N"),
    ]
    if times:
        # A peak for every token and one at the end, in steps of 20 ms, ten steps apart.
        peaks = np.zeros((1, 10 * (said + 1)), np.float32)
        peaks[0, ::10] = 1.0
        constants["peaks"] = peaks
        nodes += [
            helper.make_node("Concat", ["batch", "ones"], ["wide"], axis=0),
            helper.make_node("Expand", ["peaks", "wide"], ["us_cif_peak"]),
            helper.make_node("Identity", ["us_cif_peak"], ["us_alphas"]),
        ]
        outputs += [_value(name, TensorProto.FLOAT, "N", "P") for name in ("us_alphas", "us_cif_peak")]
    inputs = [_value("x", TensorProto.FLOAT, "N", "T", 560), _value("x_length", TensorProto.INT32, "N")]
    return nodes, inputs, outputs, {"model_type": "paraformer", **_LFR, **_statistics(560)}


def _ctc(constants: dict[str, np.ndarray], said: int, vocabulary: int, times: bool) -> _Parts:
    del said, times
    constants["factor"] = np.array(4)
    nodes = [
        helper.make_node("Div", ["frames_in", "factor"], ["frames"]),
        *_sounding("frames"),
        helper.make_node("Div", ["x_lens", "factor"], ["log_probs_len"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=-1),
    ]
    inputs = [_value("x", TensorProto.FLOAT, "N", "T", 80), _value("x_lens", TensorProto.INT64, "N")]
    outputs = [
        _value("log_probs", TensorProto.FLOAT, "N", "L", vocabulary),
        _value("log_probs_len", TensorProto.INT64, "N"),
    ]
    return nodes, inputs, outputs, {"model_type": "zipformer2_ctc", "version": "1"}


def build_transducer(folder: Path, tokens: Sequence[str], vocabulary: Sequence[str] = ()) -> Path:
    """Write a transducer that says `tokens`, one for every fourth frame of 40 ms, into `folder` and return it.

    The encoder gives the logits, the decoder nothing, the joiner their sum. Beside each token the last symbol of the
    vocabulary is the runner-up, 1 below it: hot words that hold it come out instead.
    """
    folder.mkdir(parents=True, exist_ok=True)
    symbols = list(dict.fromkeys(("<blk>", "<unk>", *tokens, *vocabulary)))
    (folder / "tokens.txt").write_text(
        "".join(f"{symbol} {code}\n" for code, symbol in enumerate(symbols)), encoding="utf-8"
    )
    size = len(symbols)
    rows = [frame for token in tokens for frame in (0, symbols.index(token), 0, 0)]
    table = np.zeros((1, len(rows) + 1, size), np.float32)
    table[0, np.arange(len(rows) + 1), [*rows, 0]] = SURE
    if vocabulary:
        table[0, [at for at, code in enumerate(rows) if code], size - 1] = SURE - 1
    constants = {"table": table, "last": np.array(len(rows)), "zero": np.array(0), "one": np.array(1)}
    constants |= {"factor": np.array(4), "none": np.zeros(1, np.int64)}
    encoder = [
        helper.make_node("Shape", ["x_lens"], ["batch"]),
        helper.make_node("Expand", ["none", "batch"], ["which"]),
        helper.make_node("Gather", ["table", "which"], ["own"], axis=0),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["frames_in"], axis=0),
        helper.make_node("Div", ["frames_in", "factor"], ["frames"]),
        *_sounding("frames"),
        helper.make_node("Identity", ["logits"], ["encoder_out"]),
        helper.make_node("Div", ["x_lens", "factor"], ["encoder_out_lens"]),
    ]
    inputs = [_value("x", TensorProto.FLOAT, "N", "T", 80), _value("x_lens", TensorProto.INT64, "N")]
    outputs = [
        _value("encoder_out", TensorProto.FLOAT, "N", "L", size),
        _value("encoder_out_lens", TensorProto.INT64, "N"),
    ]
    graph = helper.make_graph(encoder, "encoder", inputs, outputs, _initializers(constants))
    _save(graph, folder / "encoder-epoch-99-avg-1.onnx", {"model_type": "zipformer2"})
    # Its two tokens of context play no part; their sum times nothing makes it depend on them.
    decoder = [
        helper.make_node("Cast", ["y"], ["heard"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["heard", "nothing"], ["decoder_out"]),
    ]
    graph = helper.make_graph(
        decoder,
        "decoder",
        [_value("y", TensorProto.INT64, "N", 2)],
        [_value("decoder_out", TensorProto.FLOAT, "N", size)],
        _initializers({"nothing": np.zeros((2, size), np.float32)}),
    )
    _save(graph, folder / "decoder-epoch-99-avg-1.onnx", {"vocab_size": str(size), "context_size": "2"})
    joiner = [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])]
    sides = [_value(name, TensorProto.FLOAT, "N", size) for name in ("encoder_out", "decoder_out")]
    graph = helper.make_graph(joiner, "joiner", sides, [_value("logit", TensorProto.FLOAT, "N", size)])
    _save(graph, folder / "joiner-epoch-99-avg-1.onnx", {"joiner_dim": str(size)})
    return folder


def build_punctuation(folder: Path, marks: Mapping[str, str]) -> Path:
    """Write a ct-transformer that puts a mark behind each of some characters into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    symbols = ["<unk>", *marks]
    kinds = ["<unk>", "_", "，", "。", "？", "、"]
    table = np.zeros((len(symbols), len(kinds)), np.float32)
    table[:, 1] = 1.0
    for symbol, mark in marks.items():
        table[symbols.index(symbol), kinds.index(mark)] = SURE
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "inputs"], ["logits"], axis=0)],
        "punctuation",
        [_value("inputs", TensorProto.INT32, "N", "T"), _value("text_lengths", TensorProto.INT32, "N")],
        [_value("logits", TensorProto.FLOAT, "N", "T", len(kinds))],
        _initializers({"table": table}),
    )
    metadata = {
        "model_type": "ct_transformer",
        "tokens": "|".join(symbols),
        "punctuations": "|".join(kinds),
        "unk_symbol": "<unk>",
        "vocab_size": str(len(symbols)),
    }
    _save(graph, folder / "model.onnx", metadata)
    return folder


def _initializers(constants: Mapping[str, np.ndarray]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(value, name) for name, value in constants.items()]


def _save(graph: onnx.GraphProto, path: Path, metadata: Mapping[str, str]) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", choices=FAMILIES, required=True)
    parser.add_argument("--tokens", type=str.split, required=True)
    parser.add_argument("--loud", type=str.split)
    build(**vars(parser.parse_args()))
