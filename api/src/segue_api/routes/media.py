"""Audio and covers."""

from __future__ import annotations

from segue_api.http.operation import AnyOperation, AudioFile, Binary, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.wire.tracks import TrackParameters


async def audio(service: Service, call: Call[TrackParameters, None]) -> AudioFile:
    """Open the file of a track."""
    served = service.catalogues.find(call.parameters.catalogue)
    found = await service.io.run(lambda: service.media.open_audio(served.name, call.parameters.id))
    return AudioFile(found.file, found.media_type)


async def cover(service: Service, call: Call[TrackParameters, None]) -> Binary:
    """Read the cover of a track."""
    served = service.catalogues.find(call.parameters.catalogue)
    found = await service.io.run(lambda: service.media.read_cover(served.name, call.parameters.id))
    return Binary(found.content, found.etag, found.media_type)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="getAudio",
        method="GET",
        path="/v1/tracks/{id:path}/audio",
        summary="The file of a track, or one range of its bytes.",
        parameters=TrackParameters,
        handle=audio,
        answer=None,
        media_type="audio/*",
        partial=True,
        problems=(
            Problem.UNKNOWN_TRACK,
            Problem.AUDIO_NOT_SERVED,
            Problem.RANGE_NOT_SATISFIABLE,
            Problem.DATABASE_UNAVAILABLE,
        ),
    ),
    Operation(
        name="getCover",
        method="GET",
        path="/v1/tracks/{id:path}/cover",
        summary="The cover of a track.",
        parameters=TrackParameters,
        handle=cover,
        answer=None,
        media_type="image/*",
        problems=(Problem.UNKNOWN_TRACK, Problem.COVER_NOT_SERVED, Problem.DATABASE_UNAVAILABLE),
    ),
)
