"""How soon the pages come, how heavy they are, and whether anything jumps: each page of each role, on a filled home.

python -m benchmarks.pages HOME [REQUESTS]

HOME is what `callqa demo` has made, with its accounts. A real `callqa serve` answers. From each role's places the pages
behind the first link of each kind are measured too. First byte: from sending the request to the status line, on an open
connection, in turns with the answer of the JSON API to the same question where there is one; ratio: the two medians.
Cpu: the server's processor time for a page, which other work on the machine does not change.
Weight: what a browser with an empty cache loads, without recordings and charts. Shift: the cumulative layout shift of
Chromium while the page is loaded and scrolled to its end. Exits with 1 where a page misses a bar.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from playwright.sync_api import BrowserContext, sync_playwright

from api.pages.navigation import PLACES
from callqa.demo.accounts import FILE
from qa_pipeline.domain.cycle import StaffRole

P95_MS, WEIGHT_KB, SHIFT = 150.0, 150.0, 0.0
REQUESTS = 40
WARM = 3
_LINK = re.compile(r'<a [^>]*?href="(/[^"#]+)')
_FILES = re.compile(r"^/(api|static|account|sign-out)|\.(html|pdf|json|xlsx|csv|docx|md|zip|yaml|jsonl)(\?|$)|/audio")
_CHARTS = re.compile(r"plotly|/charts\.js")
_SAME_QUESTION = {
    "/queue": "/queue",
    "/contacts": "/contacts",
    "/batches": "/batches",
    "/samples": "/samples",
    "/calibration": "/calibration/sessions",
    "/scorecards": "/scorecards",
    "/appeals": "/appeals",
    "/talks": "/talks",
    "/goals": "/plans",
    "/proposals": "/proposals",
    "/periods": "/periods",
    "/fairness": "/fairness",
    "/leavers": "/leavers",
    "/templates": "/templates",
    "/users": "/users",
    "/audit": "/audit",
    "/webhooks": "/webhooks",
    "/retention": "/retention/holds",
    "/system": "/system",
}
_WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => { for (const each of list.getEntries()) window.shifted += each.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Row:
    """One page as one role sees it."""

    role: str
    path: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    ratio: float | None
    sent_kb: float
    read_kb: float
    shift: float
    complaints: Sequence[str]

    @property
    def misses(self) -> bool:
        """Whether it misses a bar."""
        slow = self.p95_ms >= P95_MS
        return slow or self.read_kb >= WEIGHT_KB or self.shift > SHIFT or bool(self.complaints)


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """Run `callqa serve` over a home and give its host and port, and its process."""
    command = [sys.executable, "-m", "callqa", "--home", str(home), "--json", "serve", "--port", "0", "--no-jobs"]
    limits = {"CALLQA_SERVICE__REQUESTS_PER_MINUTE": "100000", "CALLQA_SERVICE__OPEN_REQUESTS_PER_MINUTE": "100000"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | limits, text=True)
    assert process.stdout is not None
    said = ""
    while not said.rstrip().endswith("}"):
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        said += line
    try:
        yield urlsplit(json.loads(said)["address"]).netloc, process.pid
    finally:
        process.terminate()
        process.wait(30)


def sign_in(netloc: str, login: str, password: str) -> str:
    """Return the cookie of a new session."""
    connection = http.client.HTTPConnection(netloc, timeout=30)
    form = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{netloc}"}
    connection.request("POST", "/sign-in", urlencode({"login": login, "password": password}), form)
    answer = connection.getresponse()
    cookie = answer.headers.get("set-cookie")
    if cookie is None:
        raise SystemExit(f"{login} cannot sign in: {answer.status}")
    return str(cookie).split(";")[0]


def ask(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[float, int, str]:
    """Return milliseconds to the first byte, status and text."""
    began = perf_counter()
    connection.request("GET", path, headers={"cookie": cookie, "accept-language": "zh"})
    answer = connection.getresponse()
    took_ms = (perf_counter() - began) * 1000
    return took_ms, answer.status, answer.read().decode(errors="replace")


def pages_of(connection: http.client.HTTPConnection, role: StaffRole, cookie: str) -> list[str]:
    """Return the places of a role, and of each of them the first page behind it of each kind."""
    found = [place.path for place in PLACES[role]]
    kinds = {_kind(path) for path in found}
    for path in tuple(found):
        _, status, text = ask(connection, path, cookie)
        if status >= 300:
            continue
        main = text.split("<main", 1)[-1].split("</main>", 1)[0].replace("&amp;", "&")
        for link in _LINK.findall(main):
            if not _FILES.search(link) and _kind(link) not in kinds and ask(connection, link, cookie)[1] == 200:
                kinds.add(_kind(link))
                found.append(link)
    return found


def _kind(link: str) -> tuple[str, int]:
    """Return what pages of one kind have in common: their first word and how deep they are."""
    words = urlsplit(link).path.strip("/").split("/")
    return words[0], len(words)


def time_page(
    connection: http.client.HTTPConnection, server: int, path: str, cookie: str, count: int
) -> tuple[Sequence[float], float | None, float]:
    """Return the waits of a page, the ratio of its median to that of the API, and the server's processor time each."""
    same = _SAME_QUESTION.get(path)
    page_ms, api_ms, cpu_s = [], [], 0.0
    for turn in range(count + WARM):
        before_s = cpu_seconds(server)
        took_ms, _, _ = ask(connection, path, cookie)
        used_s = cpu_seconds(server) - before_s
        other_ms, status, _ = ask(connection, f"/api/v1{same}", cookie) if same else (0.0, 0, "")
        if turn >= WARM:
            page_ms.append(took_ms)
            cpu_s += used_s
            api_ms += [other_ms] if status == 200 else []
    ratio = float(np.median(page_ms) / np.median(api_ms)) if api_ms else None
    return page_ms, ratio, cpu_s / count * 1000


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has taken, exact to a hundredth of a second."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def look(context: BrowserContext, address: str) -> tuple[int, int, float, list[str]]:
    """Open a page with an empty cache; bytes as sent and as read, cumulative layout shift, complaints."""
    page = context.new_page()
    page.add_init_script(_WATCH_SHIFTS)
    complaints: list[str] = []
    answers: list[Any] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def keep(request: Any) -> None:  # a bound method of a list is refused
        answers.append(request)

    page.on("requestfinished", keep)
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('figure.chart').forEach(each => each.scrollIntoView())")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(400)
    weighed = [each for each in answers if not _CHARTS.search(each.url) and "/audio" not in each.url]
    sent = sum(each.sizes()["responseBodySize"] for each in weighed)
    read = sum(len(response.body()) for each in weighed if (response := each.response()) and response.ok)
    shift = float(page.evaluate("window.shifted"))
    page.close()
    return sent, read, shift, complaints


def measure(home: Path, count: int) -> list[Row]:
    """Measure every page of every role."""
    accounts = [line.split("\t") for line in (home / FILE).read_text(encoding="utf-8").splitlines()]
    rows = []
    with served(home) as (netloc, server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        for login, password, role in accounts:
            cookie = sign_in(netloc, login, password)
            connection = http.client.HTTPConnection(netloc, timeout=60)
            name, value = cookie.split("=", 1)
            for path in pages_of(connection, StaffRole(role), cookie):
                waits, ratio, cpu_ms = time_page(
                    http.client.HTTPConnection(netloc, timeout=60), server, path, cookie, count
                )
                context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
                context.add_cookies([{"name": name, "value": value, "url": f"http://{netloc}"}])
                sent, read, shift, complaints = look(context, f"http://{netloc}{path}")
                context.close()
                p50, p95 = np.percentile(waits, (50, 95))
                row = Row(
                    role, path, float(p50), float(p95), cpu_ms, ratio, sent / 1000, read / 1000, shift, complaints
                )
                rows.append(row)
                print(line_of(row), flush=True)
        browser.close()
    return rows


def line_of(row: Row) -> str:
    """Return a page as a line of the table."""
    ratio = f"{row.ratio:6.2f}" if row.ratio is not None else "     –"
    times = f"{row.p50_ms:7.1f} {row.p95_ms:7.1f} {row.cpu_ms:6.1f} {ratio}"
    figures = f"{times} {row.sent_kb:7.1f} {row.read_kb:7.1f} {row.shift:6.3f}"
    return f"{row.role:14} {row.path[:44]:44} {figures} {len(row.complaints):3d}{'  MISSES' if row.misses else ''}"


def main() -> None:
    """Print the table."""
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    heads = (
        f"{'p50 ms':>7} {'p95 ms':>7} {'cpu ms':>6} {'to API':>6} {'sent kB':>7} {'read kB':>7} {'shift':>6} {'err':>3}"
    )
    print(f"{'role':14} {'page':44} {heads}")
    rows = measure(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else REQUESTS)
    for row in rows:
        for complaint in row.complaints:
            print(f"{row.role} {row.path}: {complaint}")
    missing = [row for row in rows if row.misses]
    slowest, heaviest = max(row.p95_ms for row in rows), max(row.read_kb for row in rows)
    print(f"{len(rows)} pages, {len(missing)} miss a bar; slowest p95 {slowest:.1f} ms, heaviest {heaviest:.1f} kB")
    raise SystemExit(1 if missing else 0)


if __name__ == "__main__":
    main()
