"""No model is loaded twice in a process: counted in one that scores calls and chats of two languages by two cards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.qa_pipeline.services.test_bundles import night_of

DATA = Path(__file__).parents[2] / "data"

# Counts how often weights are opened and decoders made. A new process: this one may have models loaded already.
PROGRAM = """
import json, sys
from collections import Counter
from pathlib import Path

import pocketsphinx

from callqa import site_wiring, wiring
from callqa.settings import read_settings
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.services.score import plan_score, score_paths

opened, decoders = Counter(), []

def count(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".npz"):
        opened[str(arguments[0])] += 1

class Decoder(pocketsphinx.Decoder):
    def __init__(self, **settings):
        decoders.append(settings.get("mllr"))
        super().__init__(**settings)

sys.addaudithook(count)
pocketsphinx.Decoder = Decoder
settings = read_settings()
store = site_wiring.service_store(settings)
batch = wiring.batch(settings)
plan = plan_score(store, [Path(sys.argv[1])], Path(sys.argv[2]), batch)
run = score_paths(store, plan, batch, InlineExecutor(), contacts_max=3)
with store.reading() as tx:
    cards = sorted({tx.inspections.find(contact).scorecard_id for contact in run.contact_ids})
problems = [str(one.error) for one in run.pending + run.failed]
document = {"done": run.done, "problems": problems, "cards": cards, "opened": opened, "decoders": decoders}
print(json.dumps(document))
"""


def test_no_model_is_loaded_twice_in_a_process(tmp_path: Path) -> None:
    night = night_of(tmp_path / "night", 6)
    for name in ("audio/wide_16k.flac", "speech/call_8k.flac"):
        (night / Path(name).name).write_bytes((DATA / name).read_bytes())
    table = tmp_path / "calls.csv"
    table.write_text("file,language\nwide_16k.flac,en\ncall_8k.flac,en\n", encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, str(night), str(table)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(ended.stdout)
    assert (found["done"], found["problems"], found["cards"]) == (8, [], ["phone-en", "phone-zh"])
    # Sentiment, moves and abuse of two languages, each opened twice for one load: for its digest and for its arrays.
    own = {name: count for name, count in found["opened"].items() if "/shipped/" in name}
    assert sorted(own.values()) == [2] * 6
    # One decoder for telephone speech, with its transform, and one for wide-band speech.
    assert len(found["decoders"]) == len(set(found["decoders"])) == 2
