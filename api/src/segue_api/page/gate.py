"""From a request to a page: the key, the query, and what is shown when something is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from segue_api.http.access import Access, check_role
from segue_api.http.call import read_parameters
from segue_api.http.cookies import session_cookie
from segue_api.http.endpoint import as_problem, on_http_exception
from segue_api.http.operation import ADMINS, READERS, Service
from segue_api.page.formats import address
from segue_api.page.rendering import HEADERS, PART, render
from segue_api.page.visit import Visit
from segue_api.problems import Problem, ProblemError
from segue_api.service.catalogues import Served
from segue_api.service.keyring import Identity
from segue_api.wire.common import CatalogueParameter
from segue_core.contract import Role

QueryT = TypeVar("QueryT", bound=CatalogueParameter)
SIGN_IN = "/sign-in"


@dataclass(frozen=True)
class Gate:
    """Makes routes of pages."""

    service: Service
    access: Access

    def page(
        self,
        path: str,
        query: type[QueryT],
        show: Callable[[Visit, QueryT], Awaitable[Response]],
        *,
        owner: bool = False,
    ) -> Route:
        """A route that shows a page to who has signed in.

        Parameters
        ----------
        owner
            Whether only an admin's key may see it.
        """
        roles: Collection[Role] = ADMINS if owner else READERS

        async def respond(request: Request) -> Response:
            request.scope["segue.operation"] = f"page {path}"
            visit = None
            try:
                identity = await self._identify(request)
                check_role(identity, roles)
                request.scope["segue.key"] = identity.key
                served = self._served(request.query_params.get("catalogue"))
                visit = Visit(request, self.service, identity, served)
                # A form that is sent before its script runs names its empty fields, too.
                given = [(name, value) for name, value in request.query_params.multi_items() if value]
                return await show(visit, read_parameters(query, {}, given))
            except ClientDisconnect:
                return Response(status_code=HTTPStatus.NO_CONTENT)  # nobody reads it
            except Exception as error:  # noqa: BLE001 - every error has its page
                return refuse(request, as_problem(error), visit)

        return Route(path, respond, methods=["GET"])

    async def _identify(self, request: Request) -> Identity:
        if "authorization" not in request.headers and session_cookie(request) is None:
            raise ProblemError(Problem.KEY_NEEDED, "sign in first")  # no failure: nobody has tried a key
        return await self.access.identify(request)

    def _served(self, catalogue: str | None) -> Served:
        known = sorted(self.service.catalogues.served)
        return self.service.catalogues.find(catalogue or (known[0] if known else None))


async def no_such_page(request: Request, error: Exception) -> Response:
    """The page for a path that there is not; programs, and whoever asks for the API, get a problem document."""
    if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/v1/"):
        return await on_http_exception(request, error)
    problem = ProblemError(Problem.NO_SUCH_PATH, f"nothing is at {request.url.path[:100]!r}")
    return render(request, "problem.html", status=problem.document.status, problem=problem.document)


def refuse(request: Request, problem: ProblemError, visit: Visit | None) -> Response:
    """What is shown instead of a page: the way to sign in, or what is wrong."""
    if problem.problem is Problem.KEY_NEEDED:
        came_from = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        where = address(SIGN_IN, next=None if came_from == "/" else came_from)
        if request.headers.get(PART) is not None:
            return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={**HEADERS, "Location": where})
        return RedirectResponse(where, HTTPStatus.SEE_OTHER, headers=dict(HEADERS))
    shown = render(request, "problem.html", visit=visit, status=problem.document.status, problem=problem.document)
    shown.headers.update(problem.headers)
    return shown
