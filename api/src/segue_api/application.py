"""The service put together: `create` makes the application, and its lifespan starts and ends what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import anyio.to_thread
import msgspec
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from segue_api.adapters.event_log import KafkaEventLog
from segue_api.adapters.media_files import MountedFiles
from segue_api.adapters.mongo_store import KeysFile, MongoStore
from segue_api.adapters.topic_follower import TopicFollower, begin_at
from segue_api.http.access import Access
from segue_api.http.condition import Condition, show_condition
from segue_api.http.endpoint import endpoint, on_http_exception
from segue_api.http.failures import FailureLimit
from segue_api.http.observation import Observation
from segue_api.http.operation import Service
from segue_api.http.streams import Streams
from segue_api.http.workers import Workers
from segue_api.metrics import ApiMetrics
from segue_api.openapi import document
from segue_api.page.gate import no_such_page
from segue_api.page.site import page_routes
from segue_api.routes import OPERATIONS
from segue_api.service.audio_volumes import AudioVolumes
from segue_api.service.catalogues import Catalogues
from segue_api.service.event_stream import EventStream
from segue_api.service.intake import EventIntake
from segue_api.service.keyring import Keyring
from segue_api.service.listeners import Listeners
from segue_api.service.loading import Loader
from segue_api.service.media import Media
from segue_api.service.sessions import Sessions
from segue_api.service.upkeep import Upkeep
from segue_api.settings import ApiSettings
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.errors import ProgramError
from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.store.database import connect, database

logger = logging.getLogger(__name__)

_STORE_SECONDS = 3.0
_ANSWER_SECONDS = 120.0
_IO_THREADS = 8
_LOOK_BACK_SECONDS = 3600
"""Tracks that the topic got so long before the start are read: the sink may store them after a model is loaded."""


def create(
    settings: ApiSettings, *, registry: CollectorRegistry = REGISTRY, condition: Condition | None = None
) -> Starlette:
    """Make the application; its lifespan connects to the servers.

    Parameters
    ----------
    settings
        See `ApiSettings`.
    registry
        Where the metrics are registered.
    condition
        Kept up to date while the application runs.

    Raises
    ------
    SettingsError
        The database's URI cannot be used.
    """
    client = connect(settings.mongodb, timeout_seconds=_STORE_SECONDS, answer_seconds=_ANSWER_SECONDS)
    cache = None if settings.cache is None else CatalogueCache(settings.cache)
    store = MongoStore(database(client, settings.mongodb), settings.kafka.topic(Topic.EVENTS), cache)
    metrics = ApiMetrics(registry)
    catalogues, listeners = Catalogues(), Listeners(store)
    log = KafkaEventLog(settings.kafka)
    keyring = Keyring([store.keys, KeysFile(settings.keys_file).keys])
    volumes = AudioVolumes(settings.audio_file)
    service = Service(
        catalogues=catalogues,
        listeners=listeners,
        intake=EventIntake(log, listeners, metrics),
        store=store,
        sessions=Sessions(store, keyring),
        media=Media(store, MountedFiles(), volumes),
        streams=Streams(settings.streams, metrics),
        metrics=metrics,
        compute=Workers(settings.threads, settings.queue),
        io=Workers(_IO_THREADS, settings.queue),
        comparisons=Workers(1, 1),
    )
    loader = Loader(store, catalogues, metrics, settings.catalogues)
    stream = EventStream(store, listeners, metrics)
    shown = condition or Condition()
    upkeep = Upkeep(
        often=(
            keyring.refresh,
            volumes.refresh,
            loader.look,
            loader.follow_presence,
            lambda: show_condition(service, loader, shown),
        ),
        seldom=(stream.prune, loader.reconcile, log.rest),
        pause_seconds=settings.poll_seconds,
    )
    followers = (
        TopicFollower(
            settings.kafka,
            settings.kafka.topic(Topic.EVENTS),
            start=lambda _consumer, _partitions: stream.starts(),
            on_records=stream.read,
            on_lag=stream.show_lag,
        ),
        TopicFollower(
            settings.kafka,
            settings.kafka.topic(Topic.TRACKS),
            start=begin_at(_LOOK_BACK_SECONDS),
            on_records=lambda records: loader.arrive([(key, value) for _, key, value in records]),
        ),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(_make_topics, settings)
        for part in (upkeep, *followers):
            part.start()
        try:
            yield
        finally:
            for part in (upkeep, *followers):
                part.ask_to_stop()
            await asyncio.gather(*(anyio.to_thread.run_sync(part.stop) for part in (upkeep, *followers)))
            await anyio.to_thread.run_sync(log.close)
            client.close()

    return assemble(service, keyring, lifespan)


def assemble(service: Service, keyring: Keyring, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The application around a service: paths, access, problems, metrics."""
    access = Access(keyring, service.sessions, FailureLimit(), service.io)
    described = msgspec.json.encode(document(OPERATIONS))

    async def openapi(request: Request) -> Response:
        request.scope["segue.operation"] = "openapi"
        return Response(described, media_type="application/json")

    routes = [
        Route("/v1/openapi.json", openapi),
        *(
            Route(operation.path, endpoint(operation, service, access), methods=[operation.method], name=operation.name)
            for operation in OPERATIONS
        ),
        *page_routes(service, access),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Observation, metrics=service.metrics)],
        exception_handlers={404: no_such_page, 405: on_http_exception, 500: on_http_exception},
    )


def _make_topics(settings: ApiSettings) -> None:
    """Make missing topics on a laptop; a broker that is away is no reason not to answer questions."""
    try:
        ensure_topics(settings.kafka)
    except ProgramError as error:
        logger.warning("%s", error)
