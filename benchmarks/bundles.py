"""Contacts per second of many short chats, with text models asked once per bundle and contact by contact.

Run: ``python -m benchmarks.bundles [--contacts 1024] [--workers 1 2] [--in-a-task N]
[--checkpoint] [--repeat 3]``. The named
alternative is one contact per task, in the same run, the two by turns. Time is that of the batch with the start of its
workers; beside it stands the processor time of this process, which with ``--workers 0`` is all there is.
``--checkpoint``: sentiment by a checkpoint of random weights that is made here (12 layers of 384, as small
sentence encoders have), in place of the embedded models.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from callqa import site_wiring, wiring
from callqa.settings import read_settings
from qa_pipeline.engines.text import TextEngine
from qa_pipeline.services.bundles import contacts_for
from qa_pipeline.services.score import Batch, plan_score, score_paths

TALK = """坐席：您好，很高兴为您服务，请问有什么可以帮您？
客户：我的第{n}个订单还没有到，都等了{days}天了，太慢了。
坐席：非常抱歉给您带来不便，请您稍等，我马上为您查询。
客户：好的，那什么时候能到呢？第{n}个，别查错了。
坐席：预计{days}天内送达，我帮您催一下快递，请您放心。
客户：好吧，谢谢。
坐席：请问还有其他可以帮您的吗？感谢您的来电，再见。
"""
CHARACTERS = sorted(set(TALK) | set("0123456789"))


def make_night(folder: Path, count: int) -> None:
    """Write chats that have their polite sentences in common, as chats have, and some words of their own."""
    folder.mkdir()
    for number in range(count):
        text = TALK.format(n=number, days=number % 5 + 2)
        (folder / f"chat{number:05d}.txt").write_text(text, encoding="utf-8")


def make_checkpoint(folder: Path) -> Path:
    """Save a BERT with random weights from a fixed seed."""
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(one for one in CHARACTERS if one.strip())]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536
    )
    config.id2label = {0: "negative", 1: "positive"}
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def with_checkpoint(batch: Batch, checkpoint: Path) -> Batch:
    """Return the batch with sentiment read by a checkpoint."""
    options = (("device", "cpu"), ("model", str(checkpoint)), ("offline", True))
    text = tuple(
        TextEngine(kind=one.kind, name="transformers", options=options) if one.kind == "sentiment" else one
        for one in batch.inspection.text
    )
    return replace(batch, inspection=replace(batch.inspection, text=text))


def measure(night: Path, workers: int, contacts_max: int, checkpoint: Path | None) -> tuple[float, float]:
    """Score all contacts into a new home and return contacts per second and own processor milliseconds per contact."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["CALLQA_HOME"] = home
        settings = read_settings()
        batch = wiring.batch(settings)
        if checkpoint is not None:
            batch = with_checkpoint(batch, checkpoint)
        store = site_wiring.service_store(settings)
        plan = plan_score(store, [night], None, batch)
        began = time.process_time()
        run = score_paths(store, plan, batch, wiring.executor(settings, workers), contacts_max=contacts_max)
        assert run.complete, run.failed
        return run.done / run.wall_s, (time.process_time() - began) / run.done * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1024)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--in-a-task", type=int, default=None)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--checkpoint", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        night = Path(name) / "night"
        make_night(night, given.contacts)
        checkpoint = make_checkpoint(Path(name) / "checkpoint") if given.checkpoint else None
        sizes = (1, given.in_a_task or contacts_for(given.contacts))
        few = Path(name) / "few"
        make_night(few, 4)
        measure(few, 0, 1, checkpoint)  # the models of this process are loaded before anything is measured in it
        print("workers in a task contacts/s   least    most  ratio  own ms  ratio")
        for workers in given.workers:
            found: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
            for _ in range(given.repeat):
                for size in sizes:
                    found[size].append(measure(night, workers, size, checkpoint))
            first = [statistics.median(each) for each in zip(*found[1], strict=True)]
            for size, both in found.items():
                rates, costs = zip(*both, strict=True)
                rate, cost = statistics.median(rates), statistics.median(costs)
                print(
                    f"{workers:7d} {size:9d} {rate:10.2f} {min(rates):7.2f} {max(rates):7.2f} {rate / first[0]:6.2f}"
                    f" {cost:7.2f} {cost / first[1]:6.2f}"
                )


if __name__ == "__main__":
    main()
