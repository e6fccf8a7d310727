"""The endings of audio files, in one place: what is listed, and which of two files of a song is the better one."""

from __future__ import annotations

LOSSLESS = frozenset(
    (
        ".aif", ".aifc", ".aiff", ".alac", ".ape", ".au", ".caf", ".dff", ".dsf", ".flac", ".rf64", ".snd", ".tta",
        ".w64", ".wav", ".wave", ".wv",
    )
)  # fmt: skip
LOSSY = frozenset(
    (
        ".aac", ".ac3", ".amr", ".dts", ".eac3", ".m4a", ".m4b", ".m4r", ".mka", ".mp1", ".mp2", ".mp3", ".mpa", ".mpc",
        ".oga", ".ogg", ".ogx", ".opus", ".ra", ".spx", ".voc", ".wma",
    )
)  # fmt: skip
"""They may be lossless too, such as ALAC in ``.m4a``; their ending does not say so."""
FILMS = frozenset((".3gp", ".asf", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".rm", ".webm", ".wmv"))
"""A film of the song may have talk and noise besides the music."""
PROTECTED = frozenset((".m4p",))
"""Not decoded, but listed, so that their owner reads ``UnsupportedFormat`` instead of searching for a track that
silently is not there."""
AUDIO_EXTENSIONS = LOSSLESS | LOSSY | FILMS | PROTECTED
