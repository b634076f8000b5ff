"""How often the correction lexicon is right, on constructed recognition errors; how often it harms clean text.

python -m benchmarks.lexicon [CHATS.jsonl.gz] [--errors 2000]

CHATS has one document a line, ``{"turns": [{"role": "agent", "text": ...}]}``; left out, they are the invented Chinese
chats of the demo, whose few sentences come again and again: enough to run it, too few to report.

The errors are constructed, not recognised: in sentences of agents a noun gives place to a term of the list below, and
one or more of the term's characters become characters of the same or a near sound, drawn by how common they are in
CHATS. What a recogniser gets wrong otherwise (a dropped syllable, another vowel) is not among them. Every term is
looked for everywhere.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from callqa.demo import DATA
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.domain.vocabulary import Term
from qa_pipeline.scoring.match_text import has_chinese
from qa_pipeline.vocabulary import correct
from qa_pipeline.vocabulary.alike import near_sound

# Made-up and everyday product words of telephone, bank and shop services.
TERMS = (
    *("光猫", "宽带", "流量包", "畅享卡", "安心保", "星钻卡", "云盘", "副卡", "月租", "携号"),
    *("千兆宽带", "极光路由", "智家通", "福满多", "小蜜蜂", "融合套餐", "夜间流量", "家庭网关", "彩铃", "来电显示"),
    *("花呗", "白条", "随心贷", "惠民保", "年金险", "零钱通", "基金定投", "分期乐", "悦享金", "车险"),
    *("延保", "京尊达", "价保", "闪送", "小金库", "运费险", "以旧换新", "礼品卡", "电子发票", "极速达"),
)
NOUNS = re.compile("商品|快递|产品|手机|优惠券|发票")


def read_turns(chats: Path) -> list[dict[str, str]]:
    """Return role and text of all turns of a file."""
    with gzip.open(chats, "rt", encoding="utf-8") as file:
        return [turn for line in file for turn in json.loads(line)["turns"]]


def demo_turns() -> list[dict[str, str]]:
    """Return the messages of the demo's Chinese chats."""
    lines = (DATA / "chats" / "shop-zh.jsonl").read_text(encoding="utf-8").splitlines()
    return [message for line in lines for message in json.loads(line)["messages"]]


def transcript(texts: Sequence[str]) -> Transcript:
    """Return texts as a recognised transcript without confidence, so that only the wording decides."""
    utterances = tuple(Utterance(index=index, role=Role.AGENT, text=text) for index, text in enumerate(texts))
    return Transcript(language="zh", engine="constructed", quality=TranscriptQuality.TRUSTED, utterances=utterances)


def corrupted(term: str, sounds: dict[str, Counter[str]], chance: random.Random) -> str | None:
    """Return the term with at least one character misheard, None when no other character sounds like any of it."""
    others = [{char: n for char, n in sounds[near_sound(old)].items() if char != old} for old in term]
    possible = [place for place, choice in enumerate(others) if choice]
    if not possible:
        return None
    wrong = set(chance.sample(possible, chance.randint(1, len(possible))))
    return "".join(
        chance.choices(list(others[place]), list(others[place].values()))[0] if place in wrong else char
        for place, char in enumerate(term)
    )


def main() -> None:
    """Print right, missed and wrong corrections, and false ones on clean text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chats", type=Path, nargs="?", help="the demo's when left out")
    parser.add_argument("--errors", type=int, default=2000)
    asked = parser.parse_args()
    turns = read_turns(asked.chats) if asked.chats else demo_turns()
    clean = [turn["text"] for turn in turns]
    terms = tuple(Term(text=term, language="zh") for term in TERMS)

    start = process_time()
    falsely = correct(transcript(clean), terms).corrections
    took_s = process_time() - start
    characters = sum(map(len, clean))
    print(
        f"clean text: {len(falsely)} false corrections in {characters} characters "
        f"({len(falsely) / characters * 10_000:.2f} per 10,000); {characters / took_s:,.0f} characters/s, "
        f"{len(terms)} terms"
    )
    for what, count in Counter(f"{item.heard}->{item.term}" for item in falsely).most_common(12):
        print(f"  {what} {count}")

    sounds: dict[str, Counter[str]] = defaultdict(Counter)
    for char, count in Counter("".join(clean)).items():
        if has_chinese(char):
            sounds[near_sound(char)][char] += count
    chance = random.Random(0)
    carriers = [turn["text"] for turn in turns if turn["role"] == "agent" and NOUNS.search(turn["text"])]
    by_length: dict[str, Counter[str]] = defaultdict(Counter)
    while sum(by_length["all"].values()) < asked.errors:
        term, carrier = chance.choice(TERMS), chance.choice(carriers)
        misheard = corrupted(term, sounds, chance)
        if misheard is None:
            continue
        place = NOUNS.search(carrier)
        assert place is not None
        before, after = carrier[: place.start()], carrier[place.end() :]
        found = correct(transcript([before + misheard + after]), terms)
        wanted, got = before + term + after, found.utterances[0].text
        result = "right" if got == wanted else "missed" if not found.corrections else "wrong"
        by_length["all"][result] += 1
        by_length[f"{len(term)} characters"][result] += 1
    for name, count in sorted(by_length.items()):
        acted = count["right"] + count["wrong"]
        print(
            f"{name}: {count['right']} right, {count['wrong']} wrong, {count['missed']} missed of {count.total()}; "
            f"precision {count['right'] / max(acted, 1):.3f}, recall {count['right'] / count.total():.3f}"
        )


if __name__ == "__main__":
    main()
