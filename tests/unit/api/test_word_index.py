"""The index of words answers as a look at every text would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_api.service.word_index import WordIndex

TEXTS = ("000057\ntrack one\nartist 57", "000570\nnaïve überall\nartist 5", "", "東京 57\n\udcff broken")

words = st.text(st.sampled_from("ab0éß東\udcff"), min_size=1, max_size=4)


def test_a_part_of_a_word_is_enough() -> None:
    index = WordIndex.of(TEXTS)
    assert index.having("57").tolist() == [True, True, False, True]
    assert index.having("rtis").tolist() == [True, True, False, False]
    assert index.having("ïve").tolist() == [False, True, False, False]
    assert index.having("\udcff").tolist() == [False, False, False, True]


def test_no_texts_have_no_words() -> None:
    assert len(WordIndex.of(())) == 0
    assert WordIndex.of(()).having("a").tolist() == []
    assert WordIndex.of(("", " ")).having("a").tolist() == [False, False]


@given(st.lists(st.lists(words, max_size=4)), words)
def test_it_finds_what_a_look_at_every_text_finds(lines: list[list[str]], part: str) -> None:
    texts = [" ".join(line) for line in lines]
    assert WordIndex.of(texts).having(part).tolist() == [part in text for text in texts]
