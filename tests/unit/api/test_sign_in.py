"""A session in place of a key: for the service's own pages, for as long as the key is valid, and for nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_core.contract import Role
from segue_core.store.sessions import session_id
from support.service import MemoryService

SIGN_IN, OWN = "/v1/sign-in", {"Sec-Fetch-Site": "same-origin"}
LIKE = {"events": [{"type": "like", "trackId": "000001"}]}


def sign_in(service: MemoryService, role: Role = Role.LISTENER, user: str | None = "anna") -> TestClient:
    """A browser that has signed in."""
    browser = TestClient(service.app, base_url="http://127.0.0.1:8000")
    answer = browser.post(SIGN_IN, json={"key": service.key(role, user).token}, headers=OWN)
    assert answer.status_code == 200, answer.text
    return browser


def test_who_signs_in_needs_no_key_any_more(service: MemoryService) -> None:
    browser = sign_in(service)
    found = browser.get(SIGN_IN, headers=OWN).json()
    assert (found["role"], found["user"]) == ("listener", "anna")
    assert found["expires"] > datetime.now(UTC).isoformat()
    assert browser.get("/v1/users/anna/recommendations", headers=OWN).status_code == 200
    assert browser.post("/v1/events", json=LIKE, headers=OWN).status_code == 202
    assert browser.get("/v1/users/bert/profile", headers=OWN).status_code == 403
    assert service.log.events[-1].user == "anna"


def test_the_cookie_is_out_of_reach_and_is_not_the_key(service: MemoryService) -> None:
    key = service.key(Role.ADMIN)
    for scheme, name, secure in (("http", "segue", False), ("https", "__Host-segue", True)):
        browser = TestClient(service.app, base_url=f"{scheme}://segue.example")
        answer = browser.post(SIGN_IN, json={"key": key.token}, headers=OWN)
        cookie = answer.headers["set-cookie"]
        parts = cookie.split("; ")
        assert parts[0].startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={30 * 86400}"} <= set(parts)
        assert ("Secure" in parts) is secure
        assert key.token not in cookie
        token = parts[0].partition("=")[2]
        assert session_id(token)
        assert token not in str(service.store.stored_sessions)
        assert browser.get(SIGN_IN, headers=OWN).json()["role"] == "admin"
        bearer = TestClient(service.app).get(SIGN_IN, headers={"Authorization": f"Bearer {token}"})
        assert bearer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_other_sites_requests_do_not_count(service: MemoryService, headers: dict[str, str]) -> None:
    browser = sign_in(service)
    assert browser.post("/v1/events", json=LIKE, headers=headers).status_code == 401
    assert browser.delete("/v1/users/anna/profile", headers=headers).status_code == 401
    if headers:
        assert browser.get("/v1/users/anna/profile", headers=headers).status_code == 401
    assert service.log.events == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1:8000"}, {}])
def test_a_page_and_its_audio_count(service: MemoryService, headers: dict[str, str]) -> None:
    assert sign_in(service).get("/v1/tracks", headers=headers).status_code == 200


def test_another_sites_page_may_not_sign_somebody_in(service: MemoryService) -> None:
    key = service.key(Role.LISTENER, "mallory").token
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
        answer = TestClient(service.app).post(SIGN_IN, json={"key": key}, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_a_wrong_key_is_refused_and_counted(service: MemoryService) -> None:
    browser = TestClient(service.app)
    statuses = [browser.post(SIGN_IN, json={"key": f"segue_{n}"}, headers=OWN).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert sign_in(service).get("/v1/tracks", headers=OWN).status_code == 200


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": "x" * 301}, {"key": 5}, {"key": "x", "more": 1}, []])
def test_a_bad_body_is_named(service: MemoryService, body: object) -> None:
    assert TestClient(service.app).post(SIGN_IN, json=body, headers=OWN).status_code == 400


def test_signing_out_ends_the_session_everywhere(service: MemoryService) -> None:
    browser, other = sign_in(service), TestClient(service.app, base_url="http://127.0.0.1:8000")
    stolen = browser.cookies["segue"]
    other.cookies.set("segue", stolen)
    assert other.get("/v1/tracks", headers=OWN).status_code == 200
    answer = browser.delete(SIGN_IN, headers=OWN)
    assert (answer.json(), "Max-Age=0" in answer.headers["set-cookie"]) == ({"signedOut": True}, True)
    assert service.store.stored_sessions == {}
    assert other.get("/v1/tracks", headers=OWN).status_code == 401
    assert "segue" not in browser.cookies


def test_a_session_ends_with_its_key_and_with_its_time(service: MemoryService) -> None:
    browser = sign_in(service)
    (session,) = service.store.stored_sessions.values()
    made = next(key for key in service.store.stored_keys if key.id == session.key)
    service.store.stored_keys.remove(made)
    service.keyring.refresh()
    assert browser.get("/v1/tracks", headers=OWN).status_code == 401
    service.store.stored_keys.append(made)
    service.keyring.refresh()
    assert browser.get("/v1/tracks", headers=OWN).status_code == 200
    service.store.stored_keys[-1] = msgspec.structs.replace(made, revoked="2026-01-01T00:00:00Z")
    service.keyring.refresh()
    assert browser.get("/v1/tracks", headers=OWN).status_code == 401
    service.store.stored_keys[-1] = made
    service.keyring.refresh()
    over = msgspec.structs.replace(session, expires=datetime.now(UTC) - timedelta(seconds=1))
    service.store.stored_sessions[session.id] = over
    service.service.sessions.look(browser.cookies["segue"])
    assert browser.get("/v1/tracks", headers=OWN).status_code == 401


def test_sessions_stay_valid_while_the_database_is_away(service: MemoryService) -> None:
    browser = sign_in(service)
    service.store.away = True
    assert browser.get("/v1/tracks", headers=OWN).status_code == 200
    service.service.sessions.look(browser.cookies["segue"])
    assert browser.get("/v1/tracks", headers=OWN).status_code == 200
    answer = browser.post(SIGN_IN, json={"key": service_key(service)}, headers=OWN)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:segue:problem:database-unavailable")


def service_key(service: MemoryService) -> str:
    """A key that is known while the database is away."""
    service.store.away = False
    token = service.key(Role.ADMIN).token
    service.store.away = True
    return token


def test_a_key_in_the_header_comes_first(service: MemoryService) -> None:
    browser = sign_in(service)
    token = service.key(Role.ADMIN).token
    found = browser.get(SIGN_IN, headers={**OWN, "Authorization": f"Bearer {token}"}).json()
    assert (found["role"], found["expires"]) == ("admin", None)
    assert browser.get(SIGN_IN, headers={**OWN, "Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, f"{'0' * 24}.{'0' * 64}", "segue_000000000000_" + "0" * 64])
def test_a_wrong_cookie_is_nobodys(service: MemoryService, cookie: str) -> None:
    browser = TestClient(service.app)
    for _ in range(12):
        answer = browser.get("/v1/tracks", headers={**OWN, "Cookie": f"segue={cookie}"})
    assert answer.status_code in (401, 429)
