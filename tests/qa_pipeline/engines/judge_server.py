"""A small OpenAI-compatible server over real HTTP: it reads the question as a model would and answers by a rule.

``python -m tests.qa_pipeline.engines.judge_server PORT`` runs it as a process of its own.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LINE = re.compile(r"^\[\d+,.*\]$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """What one request asks, read back from its messages."""

    document: Mapping[str, Any]
    statement: str
    lines: Sequence[tuple[int, str, str]]

    @property
    def text(self) -> str:
        return "\n".join(message["content"] for message in self.document["messages"])


@dataclass(frozen=True)
class Response:
    """What goes over the wire; ``drops`` ends the connection without a word, ``waits_s`` comes before it."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    waits_s: float = 0.0
    drops: bool = False


Answers = Callable[[Question], "Response | str | Mapping[str, Any]"]


def reply(answer: str, quote: str = "", utterance: int | None = None, confidence: float = 0.9, **more: Any) -> str:
    """The JSON that a model is asked for."""
    found = {"reason": "as it says", "answer": answer, "utterance": utterance, "quote": quote, "confidence": confidence}
    return json.dumps(found | more, ensure_ascii=False)


def finds(words: Mapping[str, str]) -> Answers:
    """A judge that says yes where an agent says the words that belong to a word of the statement, else no."""

    def answer(question: Question) -> str:
        wanted = [said for topic, said in words.items() if topic in question.statement]
        for number, role, text in question.lines:
            for said in wanted:
                if role == "agent" and said in text:
                    return reply("yes", said, number)
        return reply("no", confidence=0.85)

    return answer


def completion(content: str | None, prompt: str, finish_reason: str = "stop") -> str:
    """A whole answer of the protocol around what the model wrote."""
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": count(prompt), "completion_tokens": count(content or "")}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "tiny",
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": usage | {"total_tokens": sum(usage.values())},
        }
    )


def count(text: str) -> int:
    """Tokens by a real byte-pair vocabulary where one is installed, else characters."""
    try:
        from whisper.tokenizer import get_tokenizer
    except ImportError:
        return len(text)
    return len(get_tokenizer(True).encoding.encode(text))


def error(status: int, message: str, **headers: str) -> Response:
    """An error as such servers word it."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": str(status)}})
    return Response(status, body, headers={name.replace("_", "-"): value for name, value in headers.items()})


class JudgeServer:
    """Listens on a free port; ``received`` holds the bytes of every request, headers and body."""

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self.answers = answers
        self.received: list[bytes] = []
        self.questions: list[Question] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append(f"{self.requestline}\n{self.headers}".encode() + body)
                question = _question(json.loads(body))
                outer.questions.append(question)
                given = outer.answers(question)
                response = given if isinstance(given, Response) else Response(body=_body(given, question))
                time.sleep(response.waits_s)
                if response.drops:
                    self.close_connection = True
                    self.connection.close()
                    return
                self._send(response)

            def _send(self, response: Response) -> None:
                payload = response.body.encode()
                self.send_response(response.status)
                for name, value in {"Content-Type": "application/json", **response.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: Any) -> None:
                """Nothing on stderr."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that hung up is no news."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def serve(self) -> None:
        """Answer until closed."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """Stop and free the port."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def judge_server(answers: Answers) -> Iterator[JudgeServer]:
    """A server in a thread of this process."""
    server = JudgeServer(answers)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()


def in_turn(*answers: Answers | Response | str) -> Answers:
    """One answer after the other, the last one for ever."""
    left = list(answers)

    def answer(question: Question) -> Response | str | Mapping[str, Any]:
        this = left.pop(0) if len(left) > 1 else left[0]
        return this(question) if callable(this) else this

    return answer


def _question(document: Mapping[str, Any]) -> Question:
    text = document["messages"][-1]["content"]
    statement = re.split("[:：]", text.split("\n")[0], maxsplit=1)[1].strip()
    return Question(document, statement, [tuple(json.loads(line)) for line in LINE.findall(text)])


def _body(given: str | Mapping[str, Any], question: Question) -> str:
    return completion(given, question.text) if isinstance(given, str) else json.dumps(given)


if __name__ == "__main__":
    served = JudgeServer(
        finds({"退款多久": "三到五个工作日", "how long the refund": "3 to 5 business days"}), int(sys.argv[1])
    )
    served.serve()
