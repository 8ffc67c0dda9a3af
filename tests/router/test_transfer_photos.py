"""Photos of what a service did are told by an address at which their own case shows them."""

from __future__ import annotations

import json

import pytest
from cell_towns import CellTown, said, settle

from router.tracking import from_bits

PICTURE = {"name": "fait.jpg", "media_type": "image/jpeg", "size": 9, "ref": "p1"}


@pytest.fixture
async def towns(tmp_path):
    found = []
    for name, other in (("nantes", "metropole"), ("metropole", "nantes")):
        words = {"voie": "chez-metropole" if name == "nantes" else "proprete"}
        found.append(CellTown(f"sqlite:///{tmp_path / name}.sqlite", name, words, [other]))
        await found[-1].store.open()
    found[0].tie(found[1])
    found[1].tie(found[0])
    yield found
    for town in found:
        await town.store.close()


async def test_of_a_part_that_was_handed_over_alone(towns):
    _, metropole = towns
    part, whole = from_bits(7), from_bits(99)
    transfer = {"word": "offer", "number": part, "public_number": whole, "epoch": 1,
                "hops": ["nantes"]}  # fmt: skip
    await metropole.store.accept([said(metropole, "nantes", transfer, {"text": "la voie"})])
    await settle(*towns)
    await metropole.word("proprete", part, act="close", text="Fait.", attachments=[PICTURE])
    await metropole.post()
    told = [json.loads(body) for body in metropole.wires["nantes"].said]
    [file] = [file for one in told for file in one["case"]["files"]]
    assert (await metropole.case(part)).proofs
    assert await metropole.case(whole) is None
    assert file["path"].startswith(f"/suivi/{part}/photo/")
