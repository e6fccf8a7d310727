"""What the operator asks the API server about a namespace."""

from __future__ import annotations

import pytest
from aiohttp import web

from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.kubernetes_cluster import KubernetesCluster
from segue_operator.kube.mirror import Mirror
from support.api_server import ApiServer, Request


def forbidden(*causes: str) -> web.Response:
    details = {"causes": [{"reason": cause, "field": "metadata.namespace"} for cause in causes]}
    status = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "events are forbidden"}
    return web.json_response(status | {"details": details}, status=403)


@pytest.mark.parametrize(("answer", "is_terminating"), [(None, False), (["NamespaceTerminating"], True), ([], False)])
async def test_probing_a_namespace_leaves_no_trace(
    quiet_server: ApiServer, answer: list[str] | None, is_terminating: bool
) -> None:
    def refuse(about: Request) -> web.Response | None:
        return forbidden(*answer) if answer is not None and about.resource == "events" else None

    quiet_server.before = refuse
    async with Client(await load_configuration()) as client:
        assert await KubernetesCluster(client, Mirror()).is_terminating("music") is is_terminating
    assert [one.rule for one in quiet_server.requests] == [("", "events", "create")], "a right that it has anyway"
    assert quiet_server.events == []
