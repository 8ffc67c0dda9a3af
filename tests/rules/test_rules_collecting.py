"""Collections are put off while something is built, and go on afterwards."""

from __future__ import annotations

import gc

import pytest

from rules.collecting import no_collection


def test_collections_go_on_after_what_was_built_and_after_what_failed():
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), no_collection():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_whoever_had_put_them_off_before_keeps_them_off():
    with no_collection():
        with no_collection():
            pass
        assert not gc.isenabled()
