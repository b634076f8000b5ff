"""Online chats: every chat is one scene in one style of service, with times that fit the style."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tools.demo_set.dialogues import read_yaml

# Who writes which part, in order. Parts that are not in the style come from the scene.
COURSES: Mapping[str, Sequence[tuple[str, str]]] = {
    "good": (
        ("c", "customer"),
        ("a", "greeting"),
        ("a", "empathy"),
        ("a", "ask"),
        ("c", "detail"),
        ("a", "confirm"),
        ("a", "thanks"),
        ("a", "back"),
        ("a", "solve"),
        ("a", "check"),
        ("c", "question"),
        ("a", "answer"),
        ("c", "accept"),
        ("a", "more"),
        ("c", "no_more"),
        ("a", "closing"),
    ),
    "recover": (
        ("c", "complaint"),
        ("a", "greeting"),
        ("a", "empathy"),
        ("a", "ask"),
        ("c", "detail"),
        ("a", "thanks"),
        ("a", "back"),
        ("a", "solve"),
        ("a", "check"),
        ("c", "accept"),
        ("a", "more"),
        ("c", "no_more"),
        ("a", "closing"),
    ),
    "plain": (
        ("c", "customer"),
        ("a", "greeting"),
        ("a", "ask"),
        ("c", "detail"),
        ("a", "thanks"),
        ("a", "solve"),
        ("c", "accept"),
    ),
    "curt": (
        ("c", "customer"),
        ("a", "answer_only"),
        ("c", "complaint"),
        ("a", "brush_off"),
        ("c", "question"),
        ("a", "answer"),
        ("c", "accept"),
    ),
    "forbidden": (
        ("c", "customer"),
        ("a", "greeting"),
        ("c", "complaint"),
        ("a", "brush_off"),
        ("c", "question"),
        ("a", "forbidden"),
        ("c", "angry"),
        ("a", "last"),
    ),
    "abusive": (
        ("c", "customer"),
        ("a", "greeting"),
        ("c", "complaint"),
        ("a", "brush_off"),
        ("c", "question"),
        ("a", "insult"),
        ("c", "angry"),
        ("a", "last"),
    ),
}
WORDS_OF = {"recover": "good"}  # a style that speaks with the words of another
AGENT_WAITS_S = {
    "good": (6, 25),
    "recover": (6, 20),
    "plain": (20, 60),
    "curt": (90, 200),
    "forbidden": (60, 180),
    "abusive": (60, 150),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of a chat; ``role`` is agent or customer."""

    role: str
    sent_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat with its agent. ``style``: a key of COURSES."""

    id: str
    language: str
    style: str
    agent: Mapping[str, Any]
    customer_ref: str
    messages: tuple[Message, ...]


def compose_chats(agents: Sequence[Mapping[str, Any]], languages: Mapping[str, str], seed: int) -> list[Chat]:
    """Return the chats that the agents' entries list as month, scene and style; `languages` is by team."""
    draw = Random(seed)  # noqa: S311 -- a recipe, no secret
    material = {"zh": read_yaml("chats_zh.yaml"), "en": read_yaml("chats_en.yaml")}
    chats: list[Chat] = []
    for agent in agents:
        for place, entry in enumerate(agent.get("chats", ())):
            month, scene, style = entry.split()
            language = languages[agent["team"]]
            day = 3 + (place * 5 + int(agent["id"][1:])) % 24
            hour, minute, second = draw.randint(9, 20), draw.randint(0, 59), draw.randint(0, 59)
            # Local time of the site without a zone, as exports have it.
            start = datetime(2026, int(month), day, hour, minute, second)  # noqa: DTZ001
            messages = _converse(material[language], scene, style, start, agent, draw)
            number = f"{'ZC' if language == 'zh' else 'EC'}{month}{len(chats) + 1:03d}"
            ref = f"K{draw.randint(10000, 99999)}"
            chats.append(
                Chat(id=number, language=language, style=style, agent=agent, customer_ref=ref, messages=messages)
            )
    return chats


def _converse(
    material: Mapping[str, Any], scene: str, style: str, start: datetime, agent: Mapping[str, Any], draw: Random
) -> tuple[Message, ...]:
    words = material["styles"][WORDS_OF.get(style, style)]
    blanks = {
        "agent": agent["name"].split()[0],
        "digits": f"{draw.randint(0, 999999):06d}",
        "phone": f"{draw.randint(0, 9999):04d}",
    }
    at, before = start, ""
    messages = []
    for who, part in COURSES[style]:
        text = draw.choice(words[part]) if part in words else material["scenes"][scene][part]
        low_s, high_s = AGENT_WAITS_S[style] if who == "a" and before == "c" else (8, 40)
        at += timedelta(seconds=draw.randint(low_s, high_s) if before else 0)
        before = who
        messages.append(Message(role="agent" if who == "a" else "customer", sent_at=at, text=text.format(**blanks)))
    return tuple(messages)


def write_jsonl(chats: Sequence[Chat], path: Path) -> None:
    """Write chats one a line, with their messages inside."""
    lines = [
        {
            "chat_id": chat.id,
            "language": chat.language,
            "agent_id": chat.agent["id"],
            "agent_name": chat.agent["name"],
            "team": chat.agent["team"],
            "customer_ref": chat.customer_ref,
            "messages": [
                {"time": message.sent_at.isoformat(sep=" "), "role": message.role, "text": message.text}
                for message in chat.messages
            ],
        }
        for chat in chats
    ]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def write_csv(chats: Sequence[Chat], path: Path) -> None:
    """Write chats one message a row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["chat_id", "time", "sender", "message", "agent_id", "agent_name", "team", "customer_id", "language"]
        )
        for chat in chats:
            owner = [chat.agent["id"], chat.agent["name"], chat.agent["team"], chat.customer_ref, chat.language]
            for message in chat.messages:
                writer.writerow([chat.id, message.sent_at.isoformat(sep=" "), message.role, message.text, *owner])
