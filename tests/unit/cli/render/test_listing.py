"""Lists whose ids can be copied, in any width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from segue.commandline import PIPE_COLUMNS
from segue.render.listing import Kind, Listing

COLUMNS = (("ID", Kind.WHOLE), ("TITLE", Kind.TEXT), ("N", Kind.NUMBER), ("BECAUSE", Kind.PROSE))
words = st.text(st.sampled_from("ab 日é-"), min_size=1, max_size=90).map(str.strip).filter(bool)


def shown(lines: list[tuple[str, str, str, str]], *, width: int, terminal: bool = True) -> str:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=terminal, color_system=None, highlight=False)
    Listing(COLUMNS, lines).print(console)
    return output.getvalue()


@given(st.lists(st.tuples(words, words, st.just("7"), words), min_size=1, max_size=4), st.integers(40, 200))
def test_ids_are_whole_in_a_terminal_of_any_width(lines: list[tuple[str, str, str, str]], width: int) -> None:
    text = shown(lines, width=width)
    assert all(line[0] in text for line in lines)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_table_is_no_wider_than_the_terminal(width: int) -> None:
    lines = [("id-1", "A title that goes on and on " * 3, "12", "because it is so, " * 8)]
    text = shown(lines, width=width)
    assert text.startswith("ID    TITLE")
    assert all(cell_len(line.rstrip()) <= width for line in text.splitlines())
    assert "because it is so" in text


def test_a_path_keeps_its_end() -> None:
    output = io.StringIO()
    console = Console(file=output, width=60, force_terminal=True, color_system=None, highlight=False)
    path = "Some Artist/Some Album/07 Song.ogg"
    Listing((("P", Kind.PATH), ("BECAUSE", Kind.PROSE)), [(path, "word " * 20)]).print(console)
    assert "…tist/Some Album/07 Song.ogg  word" in output.getvalue()


def test_below_an_id_that_needs_the_whole_line_stands_the_rest() -> None:
    track_id = "Johann Sebastian Bach/Brandenburg Concertos (Karajan)/01 - Concerto No. 1"
    text = shown([(track_id, "Concerto", "3", "-")], width=80)
    assert text == f"{track_id}\n    Concerto  3\n"


def test_nothing_that_people_copy_is_cut_in_a_pipe() -> None:
    line = ("i" * 512, "t" * 2000, "7", "w" * 600)
    text = shown([line], width=PIPE_COLUMNS, terminal=False)
    assert line[0] in text
    assert line[3] in text
    assert "t" * 199 + "…" in text
