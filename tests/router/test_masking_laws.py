"""The short ways through the words of a person find what the long ways find."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from router.words import masking, sender_lines

_CUT = re.compile(r"(?<!\d),\s+|(?<=[^\W\d_]{4})[.!?,]\s*|\s+[-–—|/·•]\s+|\s*;\s+|\t+")
"""What parts a line, told without regard to how fast it is looked for."""

_letters = st.sampled_from(list("aéЖ文0٠۰０5 \t\xa0,.!?;-–—|/·•_@＠+＋()\"'٣AZ"))
_words = st.sampled_from(
    [
        "paul.durand@example.org",
        "paul＠example.org",
        "06 12 34 56 78",
        "+33 6 12-34-56-78",
        "٠٦١٢٣٤٥٦٧٨",
        "0６12345678",
        "01/02/2026",
        "NA4K-7QT2-X8P",
        "0412-3456-789",
        "Cordialement",
        "12, rue Scribe",
    ]
)
_lines = st.lists(st.one_of(_letters, _words), max_size=40).map("".join)


@given(_lines)
@example("٠٦١٢٣٤٥٦٧٨")
@example("۰۶۱۲۳۴۵۶۷۸")
@example("０６１２３４５６７８")
@example("＋33612345678")
@example("écrire à paul @ example.org ou au 06.12.34.56.78")
def test_a_text_is_masked_as_if_every_pattern_were_looked_for(text: str) -> None:
    hidden = masking._MAIL.sub(masking._HIDDEN_MAIL, text)
    hidden = masking._PHONE.sub(lambda found: found["ours"] or masking._HIDDEN_PHONE, hidden)

    assert masking.masked(text) == hidden


@given(_lines)
@example("Cordialement,Paul Durand - 12, rue Scribe ;  Nantes\t\t44000")
@example("abcd ; e, f")
def test_a_line_is_parted_where_the_plain_pattern_parts_it(line: str) -> None:
    quick = [cut.span() for cut in sender_lines._WITHIN.finditer(line)]

    assert quick == [cut.span() for cut in _CUT.finditer(line)]
