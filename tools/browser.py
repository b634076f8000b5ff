"""Make sure that a Chromium is there for the browser tests, where the machine lets us install one.

The tests of pages need a real browser. On Debian and Ubuntu as root it comes from the distribution; anywhere else the
user installs one, and the browser tests say that they were skipped.
"""

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Install Chromium and Chinese fonts when missing and possible."""
    if any(shutil.which(name) for name in BROWSERS):
        return 0
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.stderr.write("No Chromium here: the browser tests will be skipped. Install the package chromium.\n")
        return 0
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-cjk"]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            sys.stderr.write("Chromium could not be installed: the browser tests will be skipped.\n")
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
