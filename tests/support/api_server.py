"""An API server over the local cluster's object store: what the official client and kopf ask of Kubernetes, by HTTP.

It has watches that resume by resource version, server-side apply, the status subresource, discovery, and it refuses
what no rule allows. Its workloads are those of `support.small_world`.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from segue.cluster.local_cluster import LocalCluster
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    InvalidError,
    NotFoundError,
    WatchEvent,
)
from segue_operator.kinds.objects import API_VERSIONS, OWN_KINDS, Key, Kind, Manifest
from segue_operator.kube.paths import PLURALS
from segue_operator.kube.schema import own_schema
from support.kubeconfig import write_kubeconfig

KINDS = {plural: kind for kind, plural in PLURALS.items()}
_CODES: list[tuple[type[ClusterError], int, str]] = [
    (AlreadyExistsError, 409, "AlreadyExists"),
    (ConflictError, 409, "Conflict"),
    (NotFoundError, 404, "NotFound"),
    (InvalidError, 422, "Invalid"),
]
Rule = tuple[str, str, str]
"""API group, resource (with its subresource), verb."""


@dataclass
class Request:
    """What a request is about."""

    verb: str
    group: str
    resource: str
    namespace: str | None

    @property
    def rule(self) -> Rule:
        """The right that it needs."""
        return self.group, self.resource, self.verb


@dataclass
class ApiServer:
    """The server; ``served`` may change while it runs.

    Attributes
    ----------
    allows
        Whether a request is allowed; all are, unless a test says otherwise.
    before
        Called before each request; an answer that it returns is sent instead.
    """

    cluster: LocalCluster
    served: set[Kind] = field(default_factory=lambda: set(Kind))
    allows: Callable[[Request], bool] = lambda _: True
    before: Callable[[Request], web.Response | None] = lambda _: None
    requests: list[Request] = field(default_factory=list)
    events: list[Manifest] = field(default_factory=list)
    hides_schemas: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        self.store = self.cluster._store
        self._log: list[tuple[int, WatchEvent]] = []
        self._streams: set[asyncio.Queue[WatchEvent | None]] = set()
        self.store.subscribe(self._record)

    def _record(self, event: WatchEvent) -> None:
        if event.type == "DELETED":
            self.store._version += 1
            event = WatchEvent("DELETED", copy.deepcopy(event.object))
            event.object["metadata"]["resourceVersion"] = str(self.store._version)
        self._log.append((int(event.object["metadata"]["resourceVersion"]), event))
        for stream in self._streams:
            stream.put_nowait(event)

    def drop_watches(self) -> None:
        """Close all streams, as a load balancer does."""
        for stream in self._streams:
            stream.put_nowait(None)

    def kubeconfig(self, folder: Path) -> Path:
        """A kubeconfig for this server."""
        return write_kubeconfig(folder, self.url)

    # ---------------------------------------------------------------------------------------------------- discovery

    async def api(self, _: web.Request) -> web.Response:
        return web.json_response({"kind": "APIVersions", "versions": ["v1"]})

    async def apis(self, _: web.Request) -> web.Response:
        versions = sorted({API_VERSIONS[kind] for kind in self.served} - {"v1"})
        groups = []
        for group_version in versions:
            group, _, version = group_version.partition("/")
            one = {"groupVersion": group_version, "version": version}
            groups.append({"name": group, "versions": [one], "preferredVersion": one})
        return web.json_response({"kind": "APIGroupList", "groups": groups})

    async def resources(self, request: web.Request) -> web.Response:
        version = "/".join(part for part in (request.match_info.get("group"), request.match_info["version"]) if part)
        kinds = [kind for kind in self.served if API_VERSIONS[kind] == version]
        if not kinds:
            return web.Response(status=404, text="404 page not found")
        found = [_resource(PLURALS[kind], kind) for kind in kinds]
        found += [_resource(f"{PLURALS[kind]}/status", kind) for kind in kinds]
        if version == "v1":
            found += [_resource(name, name.title()[:-1]) for name in ("events", "namespaces")]
        return web.json_response({"kind": "APIResourceList", "groupVersion": version, "resources": found})

    async def openapi(self, _: web.Request) -> web.Response:
        if self.hides_schemas:
            return web.Response(status=404, text="404 page not found")
        schemas = {}
        for kind in OWN_KINDS:
            group, _, version = API_VERSIONS[kind].partition("/")
            identity = {"x-kubernetes-group-version-kind": [{"group": group, "version": version, "kind": str(kind)}]}
            schemas[str(kind)] = own_schema(kind) | identity
        return web.json_response({"components": {"schemas": schemas}})

    # ------------------------------------------------------------------------------------------------------ objects

    async def collection(self, request: web.Request) -> web.StreamResponse:
        kind, namespace, _ = _target(request)
        verb = "create" if request.method == "POST" else "watch" if "watch" in request.query else "list"
        refusal = self._admit(request, verb)
        if refusal is not None:
            return refusal
        if verb == "create":
            return await self._create(request)
        labels = dict(part.split("=", 1) for part in request.query.get("labelSelector", "").split(",") if part)
        if verb == "watch":
            return await self._watch(request, kind, namespace, labels)
        items = [{**one} for one in self.store.select(kind, namespace, labels)]
        for item in items:
            item.pop("kind"), item.pop("apiVersion")  # as the server does
        metadata = {"resourceVersion": str(self.store._version)}
        answer = {"kind": f"{kind}List", "apiVersion": API_VERSIONS[kind], "metadata": metadata, "items": items}
        return web.json_response(answer)

    async def _create(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.match_info["plural"] == "events":
            return _answer(lambda: body if "dryRun" in request.query else self._record_event(body), 201)
        return _answer(lambda: self.store.create(body), 201)

    def _record_event(self, event: Manifest) -> Manifest:
        name = event["metadata"]["name"]
        if any(one["metadata"]["name"] == name for one in self.events):
            raise AlreadyExistsError(f'events "{name}" already exists')
        self.events.append(event)
        return event

    async def _watch(
        self, request: web.Request, kind: Kind, namespace: str | None, labels: Mapping[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        since = int(request.query.get("resourceVersion", "0"))
        stream: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        for number, event in self._log:
            if number > since:
                stream.put_nowait(event)
        self._streams.add(stream)
        try:
            while (next_event := await stream.get()) is not None:
                one = next_event.object
                own = one["metadata"].get("labels") or {}
                inside = one["kind"] == kind and namespace in (None, Key.of(one).namespace)
                if inside and labels.items() <= own.items():
                    await response.write(json.dumps({"type": next_event.type, "object": one}).encode() + b"\n")
        except ConnectionResetError:
            pass
        finally:
            self._streams.discard(stream)
        return response

    async def object(self, request: web.Request) -> web.Response:
        kind, namespace, name = _target(request)
        verb = {"GET": "get", "PATCH": "patch", "DELETE": "delete"}[request.method]
        refusal = self._admit(request, verb)
        if refusal is not None:
            return refusal
        key = Key(kind, namespace or "default", name)
        found = self.store.get(key)
        if verb == "patch":
            body = json.loads(await request.read())
            if found is None and not request.match_info.get("status"):
                refusal = self._admit(request, "create")  # an apply that makes the object needs both
                if refusal is not None:
                    return refusal
            if request.match_info.get("status"):
                return _answer(lambda: self._set_status(key, body))
            return _answer(lambda: self.store.apply(body))
        if found is None:
            return _status(404, "NotFound", f"{key} not found", name)
        if verb == "delete":
            options = json.loads(await request.read() or b"{}")
            wanted, uid = options.get("preconditions", {}).get("uid"), found["metadata"]["uid"]
            if wanted not in (None, uid):
                message = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {uid}"
                return _status(409, "Conflict", message, name)
            self.store.delete(key)
        return web.json_response(found)

    def _set_status(self, key: Key, body: Manifest) -> Manifest:
        found = self.store.get(key)
        if found is not None and body["metadata"].get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            raise ConflictError(f"{key} has another uid")
        self.store.set_status(key, body["status"])
        return self.store.get(key) or {}

    def _admit(self, request: web.Request, verb: str) -> web.Response | None:
        info = request.match_info
        subresource = "/status" if info.get("status") else ""
        about = Request(verb, info.get("group", ""), info["plural"] + subresource, info.get("namespace"))
        self.requests.append(about)
        if not self.allows(about):
            return _status(403, "Forbidden", f"{about.resource} is forbidden: cannot {verb}", info.get("name", ""))
        if info["plural"] in KINDS and KINDS[info["plural"]] not in self.served:
            return web.Response(status=404, text="404 page not found")
        return self.before(about)

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/api", self.api)
        yield web.get("/apis", self.apis)
        yield web.get("/openapi/v3/apis/segue.dev/v1alpha1", self.openapi)
        for prefix in ("/api/{version}", "/apis/{group}/{version}"):
            yield web.get(prefix, self.resources)
            for scope in ("", "/namespaces/{namespace}"):
                path = f"{prefix}{scope}/{{plural}}"
                yield web.get(path, self.collection)
                yield web.post(path, self.collection)
                if scope:
                    for method in (web.get, web.patch, web.delete):
                        yield method(f"{path}/{{name}}", self.object)
                    yield web.patch(f"{path}/{{name}}/{{status}}", self.object)


def _resource(name: str, kind: str) -> dict[str, Any]:
    verbs = ["get", "list", "watch", "create", "patch", "delete"]
    return {"name": name, "singularName": str(kind).lower(), "namespaced": True, "kind": str(kind), "verbs": verbs}


def _target(request: web.Request) -> tuple[Kind, str | None, str]:
    info = request.match_info
    return KINDS.get(info["plural"], Kind.POD), info.get("namespace"), info.get("name", "")


def _answer(write: Callable[[], Manifest], code: int = 200) -> web.Response:
    try:
        return web.json_response(write(), status=code)
    except ClusterError as error:
        number, reason = next((n, r) for kind, n, r in _CODES if isinstance(error, kind))
        return _status(number, reason, str(error), "x")


def _status(code: int, reason: str, message: str, name: str) -> web.Response:
    status = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": {"name": name}}
    return web.json_response(status, status=code)


@asynccontextmanager
async def serving(cluster: LocalCluster, **options: Any) -> AsyncIterator[ApiServer]:
    """Serve a local cluster while entered."""
    server = ApiServer(cluster, **options)
    app = web.Application()
    app.add_routes(list(server.routes()))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.drop_watches()
        await runner.cleanup()
