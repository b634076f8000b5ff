"""Build the two models by which sherpa-onnx tells voices apart, a few kilobytes each, for tests.

    python tools/tiny_voices.py FOLDER

Metadata, inputs and outputs are those of real releases, so the library's own code cuts the sound, runs the models,
counts speakers and clusters; only what a voice is is made up: a loud one and a quiet one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SILENCE_BELOW = 0.004
LOUD_FROM = 0.04
"""Mean size of the samples (-1..1) around a frame."""

ENERGY_BORDER = 13.0
"""Mean log energy of the filter banks between the quiet voice and the loud one, at 16-bit scale."""

WINDOW, FIELD, SHIFT = 160_000, 991, 270
FRAMES = (WINDOW - FIELD) // SHIFT + 1


def build(folder: Path) -> Path:
    """Write ``segmentation.onnx`` and ``embedding.onnx`` into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(_segmentation(), folder / "segmentation.onnx", _SEGMENTATION)
    _save(_embedding(), folder / "embedding.onnx", _EMBEDDING)
    return folder


_SEGMENTATION = {
    "model_type": "pyannote-segmentation-3.0",
    "sample_rate": "16000",
    "window_size": str(WINDOW),
    "receptive_field_size": str(FIELD),
    "receptive_field_shift": str(SHIFT),
    "num_speakers": "3",
    "powerset_max_classes": "2",
    "num_classes": "7",
}
_EMBEDDING = {
    "framework": "wespeaker",
    "language": "none",
    "url": "none",
    "comment": "made for tests",
    "sample_rate": "16000",
    "output_dim": "2",
    "normalize_samples": "0",
}


def _segmentation() -> onnx.GraphProto:
    """Class 0 is nobody, 1 and 2 the loud and the quiet one alone; a class of two at once never wins."""
    constants = {
        "silence": np.array(SILENCE_BELOW, np.float32),
        "loud": np.array(LOUD_FROM, np.float32),
        "never": np.array(-10, np.float32),
    }
    nodes = [
        helper.make_node("Abs", ["x"], ["size"]),
        helper.make_node("AveragePool", ["size"], ["mean"], kernel_shape=[FIELD], strides=[SHIFT]),
        helper.make_node("Sub", ["silence", "mean"], ["nobody"]),
        helper.make_node("Sub", ["mean", "loud"], ["loud_one"]),
        helper.make_node("Neg", ["nobody"], ["somebody"]),
        helper.make_node("Neg", ["loud_one"], ["not_loud"]),
        helper.make_node("Min", ["somebody", "not_loud"], ["quiet_one"]),
        helper.make_node("Mul", ["mean", "never"], ["scaled"]),
        helper.make_node("Add", ["scaled", "never"], ["none"]),
        helper.make_node("Concat", ["nobody", "loud_one", "quiet_one", *["none"] * 4], ["classes"], axis=1),
        helper.make_node("Transpose", ["classes"], ["y"], perm=[0, 2, 1]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, WINDOW])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", FRAMES, 7])]
    return helper.make_graph(nodes, "segmentation", inputs, outputs, _initializers(constants))


def _embedding() -> onnx.GraphProto:
    """A vector (energy above the border, 1): the two voices point to either side."""
    constants = {
        "border": np.array(ENERGY_BORDER, np.float32),
        "flat": np.array([0], np.float32),
        "one": np.array([1], np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["mean", "border"], ["above"]),
        helper.make_node("Mul", ["above", "flat"], ["zeros"]),
        helper.make_node("Add", ["zeros", "one"], ["ones"]),
        helper.make_node("Unsqueeze", ["above"], ["first"], axes=[1]),
        helper.make_node("Unsqueeze", ["ones"], ["second"], axes=[1]),
        helper.make_node("Concat", ["first", "second"], ["embedding"], axis=1),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", 80])]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 2])]
    return helper.make_graph(nodes, "embedding", inputs, outputs, _initializers(constants))


def _initializers(constants: dict[str, np.ndarray]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(value, name) for name, value in constants.items()]


def _save(graph: onnx.GraphProto, path: Path, metadata: dict[str, str]) -> None:
    # Operator set 11: the axes of ReduceMean and Unsqueeze are attributes.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def main() -> None:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()
