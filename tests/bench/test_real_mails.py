"""The measure of real mails counts what a folder holds, and lists what people wrote."""

from __future__ import annotations

from bench.real_mails import main

PERSON = (
    b"From: Ana <ana@citoyens.example>\nSubject: Trou\nMessage-ID: <1@x>\n\nUn trou rue Scribe.\n"
)
MACHINE = PERSON.replace(b"Subject", b"Auto-Submitted: auto-replied\nSubject")


def test_a_folder_is_counted_whatever_its_line_ends(tmp_path, capsys):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "ana.eml").write_bytes(PERSON.replace(b"\n", b"\r\n"))
    (tmp_path / "away.eml").write_bytes(MACHINE)
    (tmp_path / "nothing.eml").write_bytes(b"\x00\x01")
    main([str(tmp_path), "--people"])
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "deep/ana.eml: ana@citoyens.example | Trou"
    assert sorted(line.split()[-1] for line in told[1:]) == ["machine", "person", "unreadable"]
    assert all(line.split()[0] == "1" for line in told[1:])
