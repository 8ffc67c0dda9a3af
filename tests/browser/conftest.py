"""A real browser, headless, driven through its own debugging pipe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium_driver import Chromium

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    browser = Chromium(program, tmp_path / "profile")
    try:
        yield browser
    finally:
        browser.close()
