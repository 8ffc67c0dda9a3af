import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "router"))  # their town


@pytest.fixture(scope="session")
def office():
    """Give a running Dovecot and Postfix; .ci/run installs both, elsewhere this skips."""
    import post_office

    if reason := post_office.missing():
        pytest.skip(reason)
    with post_office.opened() as running:
        yield running


@pytest.fixture(scope="session")
def synapse():
    """Give a running Synapse; .ci/run installs it, elsewhere this skips."""
    import homeservers

    if reason := homeservers.missing():
        pytest.skip(reason)
    with homeservers.opened() as running:
        yield running
