"""What the owner of a file can do about each reason of a rejection."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from segue_core.contract import Reason

MENDING: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NO_AUDIO: "Put the audio file where the metadata says it is, or delete the row, and apply again.",
        Reason.NO_METADATA: "Add a row for the file to the metadata, or move the file out of the audio folder.",
        Reason.BAD_METADATA: "Correct the row that the message names, and apply the batch again.",
        Reason.DUPLICATE_ID: "Give each of the rows, or files, an id of its own.",
        Reason.ID_TAKEN: "Other music has this id already: rename the file, or forget the other track first.",
        Reason.BAD_NAME: "Rename the file: without control characters, and in UTF-8.",
        Reason.UNREADABLE: "Check the file's permissions and the disk; the program must be able to read it.",
        Reason.UNSUPPORTED_FORMAT: "Convert the file to FLAC, Ogg Vorbis, MP3 or WAV.",
        Reason.EMPTY_FILE: "Copy the file again from where it came from: this copy has no content.",
        Reason.DECODE_ERROR: "The file is damaged: copy or rip it again. If players can play it, convert it to FLAC.",
        Reason.DURATION_MISMATCH: "The file is not as long as its metadata says: replace it, or correct the row.",
        Reason.TOO_SHORT: "Nothing to mend: a jingle or an effect is too short to be compared.",
        Reason.TOO_LARGE: "Split the file, or raise the limit of the batch.",
        Reason.SILENT: "There is no sound in the part that is analysed. Choose another window, or leave the track out.",
        Reason.LOW_SAMPLE_RATE: "Replace the file by one with a higher sample rate; converting this one adds nothing.",
        Reason.NON_FINITE_FEATURE: "Convert the file to FLAC and apply again; if it fails again, please report it.",
        Reason.TIMED_OUT: "Apply the batch again when the machine has less to do; a very long file can be split.",
        Reason.CRASHED: "The decoder crashed on this file: convert it to FLAC and apply again.",
        Reason.MALFORMED_RECORD: "A record on the broker was damaged: apply the batch again.",
        Reason.STORE_REFUSED: "The database refused the record; the message says why. Then apply the batch again.",
    }
)


def mending(reason: str) -> str:
    """The way out of a rejection; empty for a reason of a newer version."""
    return MENDING[Reason(reason)] if reason in Reason.__members__.values() else ""
