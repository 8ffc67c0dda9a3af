import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "router"))


@pytest.fixture
async def town(tmp_path):
    from town import START, Town

    town = Town(tmp_path)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    yield town
    await town.store.close()
