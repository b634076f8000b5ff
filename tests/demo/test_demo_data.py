"""The committed demo set is whole, small, readable, and what the recipe writes."""

from __future__ import annotations

import csv
import json
from collections import Counter
from io import StringIO
from pathlib import Path

import av
import numpy as np
import pytest
from openpyxl import load_workbook

from callqa.demo import DATA, PERIODS, SHIPPED
from tools.demo_set.dialogues import read_calls
from tools.make_demo_data import make_text

CHATS, KPIS = SHIPPED.chats, DATA / "kpi"
METADATA, RECORDINGS, REFERENCES = SHIPPED.metadata, SHIPPED.recordings, SHIPPED.references
CALLS = {call.id: call for call in read_calls("calls_en.yaml", "en") + read_calls("calls_zh.yaml", "zh")}
BROKEN = {"night-0415.wav", "readme-copy.wav"}


def rows_of(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(path.read_text(encoding=encoding))))


def decode(path: Path) -> np.ndarray:
    """Samples of shape (channels, n), -1..1, as far as the file goes."""
    blocks = []
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                break
            blocks += [frame.to_ndarray().reshape(-1, frame.layout.nb_channels).T for frame in frames]
    return np.concatenate(blocks, axis=1) / 32768


def test_every_written_call_has_its_files_and_nothing_else_lies_there() -> None:
    suffix = {"vtt": ".vtt", "json": ".json", "whisper": ".json", "text": ".txt"}
    expected = {"metadata.csv"} | BROKEN
    for call in CALLS.values():
        sides = ("_agent", "_customer") if call.layout == "pair" else ("",)
        expected |= {f"{call.id}{side}.flac" for side in sides}
        expected |= {f"{call.id}{suffix[call.transcript]}"} if call.transcript != "none" else set()
    assert {path.name for path in RECORDINGS.iterdir()} == expected
    assert {path.name for path in DATA.iterdir()} == {
        "recordings",
        "chats",
        "kpi",
        "references.csv",
        "reviews.csv",
        "assignments.csv",
        "ratings.csv",
        "incidents.csv",
        "staff_months.csv",
    }


def test_the_set_stays_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) <= 6_200_000


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.flac")), ids=lambda path: path.stem)
def test_recordings_are_telephone_flac(path: Path) -> None:
    call = CALLS[path.stem.split("_")[0]]
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        found = (stream.codec_context.name, stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels)
        stated_s = float(stream.duration * stream.time_base)
    assert found == ("flac", 8000, 1 if call.layout == "pair" else 2)
    samples = decode(path)
    assert np.abs(samples).max() > 0.1  # somebody speaks
    # A whole file decodes to its stated length; the one of the dead recorder lost its end.
    assert (samples.shape[1] / 8000 == pytest.approx(stated_s, abs=0.01)) == (call.kept_ratio == 1.0)


def test_channels_lie_as_the_scripts_say() -> None:
    swapped, twin = decode(RECORDINGS / "EN1008.flac"), decode(RECORDINGS / "EN1009.flac")
    # The agent greets at .8 s, so the first two seconds are loud on the agent's channel only.
    first = np.sqrt(np.mean(swapped[:, 8000:16000] ** 2, axis=1))
    assert first[1] > 20 * first[0]
    assert np.array_equal(twin[0], twin[1])


def test_broken_files_are_broken() -> None:
    assert (RECORDINGS / "night-0415.wav").stat().st_size == 0
    assert (RECORDINGS / "readme-copy.wav").read_bytes().startswith(b"This is a text file")


def test_metadata_names_existing_files_and_every_call() -> None:
    rows = rows_of(METADATA)
    assert {row["通话编号"] for row in rows} == set(CALLS)
    for row in rows:
        files = [row[name] for name in ("录音文件", "坐席录音", "客户录音") if row[name]]
        assert files
        assert all((RECORDINGS / name).is_file() for name in files)


def test_one_chinese_call_has_no_transcript() -> None:
    assert [call.id for call in CALLS.values() if call.language == "zh" and call.transcript == "none"] == ["ZH2009"]


def test_references_cover_every_whole_english_recording() -> None:
    rows = rows_of(REFERENCES)
    assert all(row["text"] and row["lang"] == "en" for row in rows)
    whole = {call.id for call in CALLS.values() if call.language == "en" and call.kept_ratio == 1.0}
    files = [path for path in RECORDINGS.glob("EN*.flac") if path.stem.split("_")[0] in whole]
    assert sorted(row["path"] for row in rows) == sorted(f"recordings/{path.name}" for path in files)


def test_chats_are_whole_and_in_order_of_time() -> None:
    chinese = [json.loads(line) for line in (CHATS / "shop-zh.jsonl").read_text(encoding="utf-8").splitlines()]
    for chat in chinese:
        times = [message["time"] for message in chat["messages"]]
        assert times == sorted(times)
        assert {message["role"] for message in chat["messages"]} == {"agent", "customer"}
    english = rows_of(CHATS / "shop-en.csv")
    assert all(row["message"] and "{" not in row["message"] for row in english)
    assert len(chinese) + len({row["chat_id"] for row in english}) == 57


def test_eight_agents_have_enough_contacts_in_october_to_be_evaluated() -> None:
    counts = Counter(call.agent for call in CALLS.values() if call.start.startswith("2026-10"))
    for line in (CHATS / "shop-zh.jsonl").read_text(encoding="utf-8").splitlines():
        chat = json.loads(line)
        counts[chat["agent_id"]] += chat["messages"][0]["time"].startswith("2026-10")
    firsts = {row["chat_id"]: row for row in reversed(rows_of(CHATS / "shop-en.csv"))}
    counts.update(row["agent_id"] for row in firsts.values() if row["time"].startswith("2026-10"))
    assert len([agent for agent, count in counts.items() if count >= 6]) == 8


def test_indicators_are_there_for_twenty_agents_and_three_months() -> None:
    august = rows_of(KPIS / "kpi-2026-08.csv", "gb18030")
    september = rows_of(KPIS / "kpi-2026-09.csv")
    head, *october = load_workbook(KPIS / "kpi-2026-10.xlsx").active.iter_rows(values_only=True)
    assert [len(august), len(september), len(october)] == [20, 20, 20]
    assert {row["月份"] for row in august} == {PERIODS[0]}
    assert {row["period"] for row in september} == {PERIODS[1]}
    assert {row[head.index("月份")] for row in october} == {PERIODS[2]}
    assert {row["工号"] for row in august} == {row["agent_id"] for row in september} == {row[0] for row in october}


def test_indicators_of_one_agent_agree_with_each_other() -> None:
    rows = rows_of(KPIS / "kpi-2026-09.csv")
    columns = {
        name: np.array([float(row[name].rstrip("%")) for row in rows])
        for name in ("Customer satisfaction", "First contact resolution", "Complaint rate")
    }
    satisfied = columns["Customer satisfaction"]
    assert np.corrcoef(satisfied, columns["First contact resolution"])[0, 1] > 0.5
    assert np.corrcoef(satisfied, columns["Complaint rate"])[0, 1] < -0.5


def test_reviews_by_three_people_of_different_severity() -> None:
    reviews = {(row["联系编号"], row["复核人"]): row for row in rows_of(SHIPPED.reviews)}
    assert Counter(row["抽样方式"] for row in reviews.values()) == {
        "随机": 29,
        "双评": 2,
        "校准": 8,
        "投诉": 2,
        "风险": 2,
    }
    drawn = [row for row in reviews.values() if row["入样概率"]]
    assert {row["抽样方式"] for row in drawn} == {"随机", "双评", "校准"}
    # On the contacts that both have seen, one is stricter.
    seen = {name: {id for id, reviewer in reviews if reviewer == name} for name in ("孙倩", "高远", "Laura Bennett")}
    both = seen["孙倩"] & seen["高远"]
    met = Counter(
        row["复核人"] for row in rows_of(SHIPPED.reviews) if row["联系编号"] in both and row["结论"] == "符合"
    )
    assert met["孙倩"] < met["高远"]
    # Nobody has the same contact twice, and each row judges one criterion.
    assert len(rows_of(SHIPPED.reviews)) == len(
        {(row["联系编号"], row["复核人"], row["评分项"]) for row in rows_of(SHIPPED.reviews)}
    )


def test_four_teams_have_leads_and_everybody_is_rated_from_all_sides() -> None:
    posts = rows_of(SHIPPED.assignments)
    assert Counter(row["岗位"] for row in posts) == {"一线坐席": 15, "组长": 4, "新员工": 2}
    leads = {row["班组"]: row["工号"] for row in posts if row["岗位"] == "组长"}
    assert len(leads) == 4
    # One agent changes teams inside October.
    changed = [agent for agent, count in Counter(row["工号"] for row in posts).items() if count == 2]
    assert [row["班组"] for row in posts if row["工号"] in changed] == ["Leeds", "Bristol"]

    ratings = rows_of(SHIPPED.ratings)
    relations = Counter((row["工号"], row["评价关系"]) for row in ratings)
    assert {agent for agent, relation in relations if relation == "自评"} == {row["工号"] for row in posts}
    # A lead is rated on two items by four who report to the lead and by the three other leads.
    assert {(relations[lead, "下级"], relations[lead, "同事"]) for lead in leads.values()} == {(8, 6)}
    uniform = {row["评分"] for row in ratings if (row["评分人"], row["评价关系"]) == (leads["Leeds"], "上级")}
    assert uniform == {"5"}


def test_a_lead_has_the_values_of_the_team() -> None:
    rows = rows_of(KPIS / "kpi-2026-09.csv")
    calls = {row["agent_id"]: int(row["Calls handled"]) for row in rows}
    assert calls["B403"] > sum(calls[agent] for agent in ("B401", "B402", "B404", "B405"))


def test_the_recipe_writes_the_committed_text(tmp_path: Path) -> None:
    for name in ("recordings", "chats", "kpi"):
        (tmp_path / name).mkdir()
    make_text(tmp_path, list(CALLS.values()))
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) == 11
    for name in made:
        if name.suffix != ".xlsx":
            assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name
    cells = [
        list(load_workbook(folder / "kpi" / "kpi-2026-10.xlsx").active.iter_rows(values_only=True))
        for folder in (tmp_path, DATA)
    ]
    assert cells[0] == cells[1]
