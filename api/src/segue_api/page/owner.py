"""The owner's pages: versions of the model, batches and rejections, reach, listeners."""

from __future__ import annotations

from starlette.responses import Response

from segue_api.page.rendering import render
from segue_api.page.visit import Visit
from segue_api.routes import accounts, models
from segue_api.service.lists import reference_to
from segue_api.wire.common import CatalogueParameter, Name, Offset
from segue_api.wire.models import DiffParameters
from segue_api.wire.owner import ReachParameters, RejectedParameters

_REJECTED = 50


class DiffQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which two versions."""

    a: Name
    b: Name


class RejectedQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which rejections, and which page."""

    batch: Name | None = None
    reason: Name | None = None
    offset: Offset = 0


async def versions(visit: Visit, _query: CatalogueParameter) -> Response:
    """Show the versions side by side."""
    listed = await visit.ask(models.list_models, CatalogueParameter(catalogue=visit.served.name))
    newest = sorted(listed.models, key=lambda one: -one.number)
    measures = list(dict.fromkeys(name for one in newest for name in one.metrics))
    return render(visit.request, "owner_models.html", visit=visit, listed=listed, models=newest, measures=measures)


async def difference(visit: Visit, query: DiffQuery) -> Response:
    """Show what two versions recommend for the same tracks."""
    found = await visit.ask(models.diff_models, DiffParameters(catalogue=visit.served.name, a=query.a, b=query.b))
    ids = {track_id for one in found.most_changed for track_id in (*one.gone, *one.arrived)}
    listed = await visit.ask(models.list_models, CatalogueParameter(catalogue=visit.served.name))
    titles = {track_id: reference_to(visit.served, track_id).title or track_id for track_id in ids}
    return render(visit.request, "owner_diff.html", visit=visit, found=found, titles=titles, active=listed.active)


async def batches(visit: Visit, query: RejectedQuery) -> Response:
    """Show the batches, and the tracks that could not be used."""
    name = visit.served.name
    listed = await visit.ask(accounts.list_batches, CatalogueParameter(catalogue=name))
    asked = RejectedParameters(
        catalogue=name, batch=query.batch, reason=query.reason, limit=_REJECTED, offset=query.offset
    )
    rejected = await visit.ask(accounts.list_rejected, asked)
    return render(
        visit.request, "owner_batches.html", visit=visit, batches=listed.batches, rejected=rejected, query=query,
        page=_REJECTED,
    )  # fmt: skip


async def reach(visit: Visit, _query: CatalogueParameter) -> Response:
    """Show hubs, tracks that are in no list, and how much listeners do."""
    name = visit.served.name
    found = await visit.ask(accounts.get_reach, ReachParameters(catalogue=name, limit=20))
    numbers = await visit.ask(accounts.get_listeners, CatalogueParameter(catalogue=name))
    return render(visit.request, "owner_reach.html", visit=visit, found=found, numbers=numbers)
