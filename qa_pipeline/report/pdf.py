"""A report or another page of ours as PDF: as an installed Chromium prints it, by the print rules of the stylesheet."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from qa_pipeline.errors import N_, PendingError
from qa_pipeline.report.data import ReportData
from qa_pipeline.report.html import render_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIME_LIMIT_S = 180
_CHINESE = range(0x4E00, 0xA000)
# The page is printed without a network and without scripts, whatever somebody has got into it.
_POLICY = b"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
_HEAD = b"<head>"
# A browser takes some 300 MB: whoever asks meanwhile waits.
_turn = threading.Lock()


def find_browser() -> str | None:
    """Return the path of an installed Chromium, None without one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def render_pdf(report: ReportData) -> bytes:
    """Return the report as PDF with page numbers; as long as the page printed with all its details open.

    Errors as of :func:`print_page`.
    """
    return print_page(render_html(report))


def print_page(page: bytes) -> bytes:
    """Return a page of our own as PDF.

    Raises
    ------
    PendingError
        There is no Chromium on this machine, or no font with the Chinese characters of the page; or Chromium failed
        or took too long.
    """
    browser = find_browser()
    if browser is None:
        raise PendingError(
            N_("A PDF is printed by Chromium, which is not installed on this machine."),
            hint=N_("On Debian: apt-get install chromium fonts-noto-cjk. Or take another format and print that."),
        )
    if any(ord(each) in _CHINESE for each in set(page.decode())):
        _check_font()
    with _turn, tempfile.TemporaryDirectory(prefix="callqa-pdf-") as folder:
        return _print(browser, page.replace(_HEAD, _HEAD + _POLICY, 1), Path(folder))


def _check_font() -> None:
    listing = shutil.which("fc-list")
    if listing is None:
        return  # a system without fontconfig has fonts of its own
    found = subprocess.run([listing, ":lang=zh", "family"], capture_output=True, check=False, timeout=60)
    if found.returncode == 0 and not found.stdout.strip():
        raise PendingError(
            N_("No font with Chinese characters is installed on this machine."),
            hint=N_("On Debian: apt-get install fonts-noto-cjk."),
        )


def _print(browser: str, page: bytes, folder: Path) -> bytes:
    source, printed = folder / "page.html", folder / "page.pdf"
    source.write_bytes(page)
    # Its sandbox needs rights that containers and hardened units do not give. What it shows is our own page, under a
    # policy that lets nothing run and nothing load.
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"]
    alone = ["--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]
    output = [f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={printed}"]
    try:
        subprocess.run(
            [browser, *options, *alone, *output, source.as_uri()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=TIME_LIMIT_S,
            env={"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
        return printed.read_bytes()
    except subprocess.TimeoutExpired as problem:
        raise PendingError(
            N_("Printing took longer than {seconds} seconds."),
            hint=N_("Take another format of so long a document."),
            seconds=TIME_LIMIT_S,
        ) from problem
    except (OSError, subprocess.CalledProcessError) as problem:
        raise PendingError(
            N_("Chromium could not print the page."),
            hint=N_("Try `chromium --headless --print-to-pdf=FILE.pdf PAGE.html` by hand to see why."),
        ) from problem
