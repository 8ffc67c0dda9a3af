"""A house of fakes, and a browser that speaks to it without a network."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from web_fakes import Browser, House

from web.app import create_app

sys.path.insert(0, str(Path(__file__).parent.parent / "rules"))  # their small town


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(create_app(house.parts()), raise_app_exceptions=False)
    async with Browser(transport=transport, base_url="http://city.example") as client:
        yield client
