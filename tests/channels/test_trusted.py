"""The authorities whose certificates are believed: read once, and those that the machine names."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from channels.trusted import trusted


def test_the_authorities_are_read_once_for_all_connections() -> None:
    assert trusted() is trusted()
    assert trusted().get_ca_certs()


def test_a_city_may_name_an_authority_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usual = trusted()
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    with monkeypatch.context() as there:
        there.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert len(trusted().get_ca_certs()) == 1
    assert trusted() is usual
