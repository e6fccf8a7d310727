"""Templates as responses: everything is escaped, and a page may load nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from segue_api.page import formats
from segue_api.page.visit import Visit
from segue_core import __version__

FOLDER = Path(__file__).parent
PART = "X-Segue-Part"
"""Header of a request for the content alone: the shell, and so the player, stay."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        clock=formats.clock, percent=formats.percent, decimal=formats.decimal, day=formats.day,
        minus=formats.minus, measure=formats.measure,
    )  # fmt: skip
    made.globals.update(
        shares=formats.shares, version=__version__, families=formats.FAMILY_WORDS, deeds=formats.DEEDS,
        counted=formats.COUNTED,
    )  # fmt: skip
    return made


_TEMPLATES = _environment()


def render(
    request: Request, template: str, *, visit: Visit | None = None, status: int = 200, **context: Any
) -> Response:
    """A page, or its content alone if the request asks for that.

    Parameters
    ----------
    visit
        Who looks; None before anybody has signed in.
    """
    part = request.headers.get(PART) is not None
    several = visit is not None and len(visit.catalogues) > 1
    chosen = visit.served.name if visit is not None and several else None
    text = _TEMPLATES.get_template(template).render(
        layout="part.html" if part else "shell.html",
        visit=visit,
        here=request.url.path,
        link=partial(_link, chosen),
        **context,
    )
    headers = {**HEADERS, "Cache-Control": "no-store", "Vary": f"Cookie, {PART}"}
    return Response(text.encode("utf-8", "replace"), status, headers=headers, media_type="text/html; charset=utf-8")


def _link(catalogue: str | None, path: str, **query: object) -> str:
    return formats.address(path, **query, catalogue=catalogue)
