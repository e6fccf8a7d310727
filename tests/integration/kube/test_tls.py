"""Real TLS, with certificates as clusters' own authorities make them: which servers the operator trusts."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from segue_operator.controller.cluster import UnavailableError
from segue_operator.kube.access import connection_info, load_configuration
from segue_operator.kube.client import Client
from support.certificates import Authority, Fault, make_authority
from support.kubeconfig import write_kubeconfig

FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
Ask = Callable[[str, Path], Awaitable[str]]
REFUSED = (UnavailableError, aiohttp.ClientConnectorCertificateError)


@pytest.fixture(autouse=True)
def _strict_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts are as strict as Python 3.13 makes them; there, nothing is changed."""
    given = ssl.create_default_context
    if sys.version_info >= (3, 13):
        assert given().verify_flags & ssl.VERIFY_X509_STRICT
        return

    def strict(*arguments: object, **options: object) -> ssl.SSLContext:
        context = given(*arguments, **options)  # type: ignore[arg-type]
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)


@asynccontextmanager
async def serving(context: ssl.SSLContext, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A server that tells its version; gives its address."""

    async def version(_: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.34.4"})

    app = web.Application()
    app.router.add_get("/version", version)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def by_the_client(url: str, kubeconfig: Path) -> str:
    """Ask as the operator reads and writes."""
    async with Client(await load_configuration({"KUBECONFIG": str(kubeconfig)})) as client:
        return str((await client.request("GET", "/version", about="Version"))["gitVersion"])


async def by_kopf(url: str, kubeconfig: Path) -> str:
    """Ask as kopf watches: with the context of the connection that it is given."""
    connection = await connection_info({"KUBECONFIG": str(kubeconfig)})
    return await _ask_with(url, connection.as_ssl_context())


async def by_default(url: str, authority: Authority) -> str:
    """Ask as a program that leaves everything to Python."""
    return await _ask_with(url, ssl.create_default_context(cafile=authority.certificate))


async def _ask_with(url: str, context: ssl.SSLContext) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/version", ssl=context) as answer:
        return str((await answer.json())["gitVersion"])


def access(folder: Path, url: str, authority: Authority) -> Path:
    return write_kubeconfig(folder, url, **{"certificate-authority": str(authority.certificate)})


WAYS = pytest.mark.parametrize("ask", [by_the_client, by_kopf])


@pytest.mark.parametrize("fault", FAULTS)
async def test_python_by_itself_refuses_such_certificates(fault: Fault, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca", fault)
    async with serving(authority.issue("IP:127.0.0.1")) as url:
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"(?i)key identifier|basic constraints"):
            await by_default(url, authority)


async def test_and_takes_faultless_ones(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca")
    async with serving(authority.issue("IP:127.0.0.1")) as url:
        assert await by_default(url, authority) == "v1.34.4"


@WAYS
@pytest.mark.parametrize("fault", Fault)
async def test_the_operator_takes_them_as_kubectl_does(ask: Ask, fault: Fault, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca", fault)
    async with serving(authority.issue("IP:127.0.0.1")) as url:
        assert await ask(url, access(tmp_path, url, authority)) == "v1.34.4"


@WAYS
async def test_another_authority_s_server_is_refused(ask: Ask, tmp_path: Path) -> None:
    trusted = make_authority(tmp_path / "ca", Fault.NO_KEY_IDENTIFIERS)
    other = make_authority(tmp_path / "other", Fault.NO_KEY_IDENTIFIERS)
    async with serving(other.issue("IP:127.0.0.1")) as url:
        with pytest.raises(REFUSED, match="certificate verify failed"):
            await ask(url, access(tmp_path, url, trusted))


@WAYS
async def test_a_server_of_another_name_is_refused(ask: Ask, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca", Fault.NO_KEY_IDENTIFIERS)
    async with serving(authority.issue("DNS:kubernetes.default.svc"), host="localhost") as url:
        with pytest.raises(REFUSED, match="Hostname mismatch"):
            await ask(url, access(tmp_path, url, authority))
