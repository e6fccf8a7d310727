"""``segue report``: what the owner of a catalogue wants to know, as one page or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, Invocation, Model, write_json
from segue.errors import CommandExit, UsageError


def run(
    *,
    catalogue: Catalogue,
    html: Annotated[
        Path | None,
        Parameter(metavar="FILE", help="write a page, which needs no network and no script", show_default=False),
    ] = None,
    model: Model = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Report on a catalogue: its map, clusters, measures, hubs, drift and rejected tracks."""
    if html is None and not as_json:
        raise UsageError("nothing to write", "name a page with --html FILE, or print the same as JSON with --json")
    if html is not None and not html.parent.is_dir():
        raise UsageError(f"there is no folder {html.parent}", "create it, or choose another --html")
    _report(call, catalogue, model, html, as_json=as_json)
    return CommandExit.OK


def _report(call: Invocation, catalogue: str, version: str | None, page: Path | None, *, as_json: bool) -> None:
    from segue.cluster.api_server.object_files import read_objects
    from segue.commands.catalogue_view import beside, opened_catalogue
    from segue.render.report_contents import make_report
    from segue.render.report_page import render_page
    from segue_core.recommend.model_diff import Side
    from segue_core.store.models import now
    from segue_core.store.rejections import latest, read_rejections

    with opened_catalogue(call, catalogue, version) as (database, recommender):
        model, previous, pointer = beside(database, catalogue, recommender.model)
        rejections = latest(read_rejections(database, catalogue=catalogue))
    side = Side(model, recommender)
    report = make_report(
        side,
        previous=previous,
        pointer=pointer,
        rejections=rejections,
        resources=read_objects(call.state.root),
        made=now(),
    )
    if page is not None:
        try:
            page.write_text(render_page(report, side), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {page}: {error.strerror}", "name a file that can be written") from error
        if not as_json:
            call.console.print(f"wrote {page}", soft_wrap=True)
    if as_json:
        write_json(call.console, asdict(report))
