"""Make the demo set again: ``python -m tools.make_demo_data [FOLDER]``.

Needs the programs flite (with the voices rms, slt, kal16) and espeak-ng. Text and tables come out the same everywhere;
sound depends on the versions of the two programs. Everything is invented: no person, company or number is real.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.demo_set import chats, kpis, reviews, staff
from tools.demo_set.dialogues import Call, read_calls, read_yaml
from tools.demo_set.mixing import Placed, write_call
from tools.demo_set.transcripts import write_transcript

SEED = 20261001
TARGET = Path(__file__).resolve().parent.parent / "callqa" / "demo" / "data"
LANGUAGE_NAMES = {"zh": "中文", "en": "英文"}
DIRECTION_NAMES = {"inbound": "呼入", "outbound": "呼出"}


def make(folder: Path) -> None:
    """Write the whole set into `folder`, replacing what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("recordings", "chats", "kpi"):
        (folder / name).mkdir(parents=True)
    calls = read_calls("calls_en.yaml", "en") + read_calls("calls_zh.yaml", "zh")
    make_text(folder, calls)
    recordings = folder / "recordings"
    references = []
    for call in calls:
        turns, paths = write_call(call, recordings)
        if call.transcript != "none":
            write_transcript(call.transcript, turns, recordings / call.id)
        # Nobody knows to the word where a cut recording ends, so it has no reference.
        if call.language == "en" and call.kept_ratio == 1.0:
            references += reference_rows(call, turns, paths)
    write_rows(folder / "references.csv", [["path", "text", "lang", "condition"], *references], "utf-8")
    make_broken(recordings)


def make_text(folder: Path, calls: Sequence[Call]) -> None:
    """Write metadata, chats, indicators, reviews and what is known of the staff: all that needs no voice."""
    people = read_yaml("agents.yaml")
    agents: list[dict[str, Any]] = people["agents"]
    by_id = {agent["id"]: agent for agent in agents}
    write_rows(folder / "recordings" / "metadata.csv", metadata_rows(calls, by_id), "utf-8-sig")

    all_chats = chats.compose_chats(agents, people["teams"], SEED)
    chats.write_jsonl([chat for chat in all_chats if chat.language == "zh"], folder / "chats" / "shop-zh.jsonl")
    chats.write_csv([chat for chat in all_chats if chat.language == "en"], folder / "chats" / "shop-en.csv")

    write_rows(folder / "reviews.csv", reviews.review_rows(calls, all_chats, SEED), "utf-8-sig")

    posts = read_yaml("staff.yaml")
    write_rows(folder / "assignments.csv", staff.assignment_rows(agents, posts), "utf-8-sig")
    write_rows(folder / "ratings.csv", staff.rating_rows(agents, posts, SEED), "utf-8-sig")
    write_rows(folder / "incidents.csv", staff.incident_rows(posts), "utf-8-sig")
    write_rows(folder / "staff_months.csv", staff.figure_rows(agents, posts, kpis.MONTHS, SEED), "utf-8-sig")

    leads = {lead["agent"] for lead in posts["leads"]}
    august, september, october = (kpis.draw_month(agents, number, SEED, leads) for number in range(len(kpis.MONTHS)))
    kpis.write_csv(kpis.table(august, "2026-08", True, True), folder / "kpi" / "kpi-2026-08.csv", "gb18030")
    kpis.write_csv(kpis.table(september, "2026-09", False, True), folder / "kpi" / "kpi-2026-09.csv", "utf-8-sig")
    kpis.write_xlsx(kpis.table(october, "2026-10", True, False), folder / "kpi" / "kpi-2026-10.xlsx")


def metadata_rows(calls: Sequence[Call], agents: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the table that a telephone system would export, with Chinese headers."""
    head = ["通话编号", "录音文件", "坐席录音", "客户录音", "工号", "坐席姓名", "班组", "技能组", "呼叫方向"]
    rows = [[*head, "开始时间", "语言", "客户编号", "声道"]]
    for place, call in enumerate(calls):
        agent = agents[call.agent]
        pair = call.layout == "pair"
        files = ["", f"{call.id}_agent.flac", f"{call.id}_customer.flac"] if pair else [f"{call.id}.flac", "", ""]
        owner = [call.agent, agent["name"], agent["team"], call.queue, DIRECTION_NAMES[call.direction], call.start]
        # The recorder states one order of channels for every call, also where it has them the wrong way round.
        channels = "agent,customer" if call.layout in {"stereo", "swapped"} else ""
        rows.append([call.id, *files, *owner, LANGUAGE_NAMES[call.language], f"C{88001 + place * 37}", channels])
    return rows


def reference_rows(call: Call, turns: Sequence[Placed], paths: Sequence[Path]) -> list[list[str]]:
    """Return what is said in each file of a call, in order of time, for ``callqa validate asr``."""
    rows = []
    for place, path in enumerate(paths):
        heard = turns if len(paths) == 1 else [turn for turn in turns if turn.role == ("agent", "customer")[place]]
        rows.append([f"recordings/{path.name}", " ".join(turn.text for turn in heard), call.language, call.layout])
    return rows


def make_broken(recordings: Path) -> None:
    """Add what a real night leaves behind: an empty file and one that is no sound at all."""
    (recordings / "night-0415.wav").write_bytes(b"")
    (recordings / "readme-copy.wav").write_text(
        "This is a text file that somebody renamed to .wav.\n", encoding="utf-8"
    )


def write_rows(path: Path, rows: Sequence[Sequence[str]], encoding: str) -> None:
    """Write a table as CSV."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
