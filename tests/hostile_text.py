"""Texts that an attacker might type, or that somebody copied with invisible characters."""

import hypothesis.strategies as st

HOSTILE = (
    "",
    "<b>Ana</b> & Co. <script>",
    "{{ secret }} {% now %} %(DESCRIPTION)b %s %% \\n \\, ^n",
    'Paz, "Ana" (A.); <ana@example.org>',
    "=?utf-8?q?Bcc=3A?=",
    "a\r\nBcc: b@example.org\rc\n\nd\u2028e\x85f",
    "\x00\x07\x0b\x0c\x1b\x7f\t",
    "From me\n.\n--==============0000000000000000000==\n",
    "here",
    "\u202e\u05e2\u05d1\u05e8\u05d9\u05ea\u200f \u200b\ufeff",
    "👩‍⚖️🇭🇳" * 60,
    "ñ" * 1_200,
    "sin fin " * 250,
)
hostile_texts = st.sampled_from(HOSTILE) | st.text(max_size=120) | st.lists(st.sampled_from(HOSTILE)).map(" ".join)
