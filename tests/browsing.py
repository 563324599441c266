"""The real browser that some tests use."""

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("QUIPU_TEST_BROWSER") == "required"
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not REQUIRED, reason="there is no Chromium on the path (Debian: apt-get install chromium)"
)
