"""The default engine: `segue_jobs.native`, applied to the stream of decoded blocks."""

from __future__ import annotations

from segue_core.contract import Reason, Stage
from segue_core.features.statistics import FrameStatistics
from segue_jobs.extract.audio_source import AudioSource, RejectedError
from segue_jobs.native.analysis import Analyser, NoSamplesError, NotFiniteError


class NativeEngine:
    """One pass over the blocks; memory grows by 1.7 MB per minute of audio."""

    name = "native"
    version = "2"
    """Raise it with every change that affects the numbers."""
    maximum_seconds: float | None = 4 * 3600.0
    """Needs about 500 MB."""

    def __init__(self) -> None:
        self._analyser = Analyser()

    def analyse(self, source: AudioSource) -> FrameStatistics:
        """Statistics of the source."""
        try:
            return self._analyser(source.blocks)
        except NoSamplesError as error:
            raise RejectedError(Stage.DECODE, Reason.EMPTY_FILE, "the analysed window contains no audio") from error
        except NotFiniteError as error:
            raise RejectedError(
                Stage.ANALYSE, Reason.NON_FINITE_FEATURE, "the samples contain NaN, infinite or absurdly large values"
            ) from error
