"""What a track is called where it has no title: after its file."""

from __future__ import annotations


def file_title(path: str) -> str | None:
    """The name of a file without folders and extension; None if there is none.

    Parameters
    ----------
    path
        Separated by ``/``.
    """
    name = path.rstrip("/").rpartition("/")[2]
    beginning, dot, _ = name.rpartition(".")
    return (beginning if dot and beginning.strip(" .") else name) or None
