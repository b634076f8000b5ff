"""Make sure that a Chromium is there for the browser tests, where the machine lets us install one.

The tests of pages need a real browser. On Debian and Ubuntu as root it comes from the distribution; anywhere else the
user installs one, and the browser tests say that they were skipped.
"""

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIGHT = "chromium-headless-shell"  # the same engine without windows: the tests take a third of the time


def main() -> int:
    """Install Chromium, its light form and Chinese fonts when missing and possible."""
    has_one, has_light = any(shutil.which(name) for name in BROWSERS), shutil.which(LIGHT) is not None
    if has_one and has_light:
        return 0
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        if not has_one:
            sys.stderr.write("No Chromium here: the browser tests will be skipped. Install the package chromium.\n")
        return 0
    if not _run("update", "-qq"):
        sys.stderr.write("Packages cannot be listed here.\n")
    if not has_one and not _run("install", "-y", "-qq", "chromium", "fonts-noto-cjk"):
        sys.stderr.write("Chromium could not be installed: the browser tests will be skipped.\n")
    if not has_light and not _run("install", "-y", "-qq", LIGHT):
        sys.stderr.write("The light form of Chromium could not be installed: the browser tests take longer.\n")
    return 0


def _run(*arguments: str) -> bool:
    return subprocess.run(["apt-get", *arguments], stdout=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
