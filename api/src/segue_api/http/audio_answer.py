"""An open audio file as an answer: whole or a range of it, or what is wrong with the range."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from segue_api.http.byte_range import ByteRange, UnsatisfiableError, matches_etag, requested_range
from segue_api.http.operation import AudioFile
from segue_api.http.streams import FileResponse, Streams
from segue_api.problems import Problem, ProblemError
from segue_api.service.keyring import Identity

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
BINARY_HEADERS = {
    **HEADERS,
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""A file is somebody's: no page may run it, and no other site's page embed it."""


def audio_response(request: Request, answer: AudioFile, streams: Streams, identity: Identity) -> Response:
    """The answer; the file is closed by it, or here.

    Raises
    ------
    ProblemError
        The file has no such bytes, or too many files are being sent.
    """
    file, sent = answer.file, False
    etag = f'"{file.modified_ns:x}-{file.size:x}"'
    headers = {
        **BINARY_HEADERS,
        "Accept-Ranges": "bytes",
        "Content-Type": answer.media_type,
        "ETag": etag,
        "Last-Modified": formatdate(file.modified_ns / 1e9, usegmt=True),
    }
    try:
        if matches_etag(request.headers.get("if-none-match"), etag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        part = _part(request, file.size, headers)
        status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{file.size}"
        part = part or ByteRange(0, file.size)
        headers["Content-Length"] = str(part.end - part.start)
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        streams.begin(identity)
        sent = True
        return FileResponse(file, part, status=status, headers=headers, streams=streams, identity=identity)
    finally:
        if not sent:
            file.close()


def _part(request: Request, size: int, headers: dict[str, str]) -> ByteRange | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition not in (headers["ETag"], headers["Last-Modified"]):
        return None
    try:
        return requested_range(request.headers.get("range"), size)
    except UnsatisfiableError:
        error = ProblemError(Problem.RANGE_NOT_SATISFIABLE, f"the file has {size} bytes")
        error.headers = {"Content-Range": f"bytes */{size}"}
        raise error from None
