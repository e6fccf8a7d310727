"""Who may do what, and what happens to those who may not."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from segue_api.http.failures import MAXIMUM_FAILURES, FailureLimit
from segue_core.contract import Role
from segue_core.store.keys import decode_key_file, key_id, new_key
from support.service import MemoryService


def test_nothing_is_answered_without_a_key_but_the_description(service: MemoryService) -> None:
    nobody = TestClient(service.app)
    answer = nobody.get("/v1/tracks")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:segue:problem:key-needed"
    assert nobody.get("/v1/openapi.json").status_code == 200


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic YTpi", "Bearer ", "Bearer \u00e9", "x" * 4000])
def test_a_wrong_key_is_refused(service: MemoryService, header: str) -> None:
    answer = TestClient(service.app).get("/v1/tracks", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_a_key_of_another_secret_is_refused(service: MemoryService) -> None:
    token = service.key(Role.ADMIN).token
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert TestClient(service.app).get("/v1/tracks", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_revoked_key_is_refused(service: MemoryService) -> None:
    made = new_key(Role.ADMIN)
    revoked = decode_key_file(
        (
            b'{"id":"%s","sha256":"%s","role":"admin","created":"2026-01-01T00:00:00Z","revoked":"2026-01-02T00:00:00Z"}\n'
        )
        % (made.record.id.encode(), made.record.sha256.encode())
    )
    service.store.stored_keys += revoked
    service.keyring.refresh()
    header = {"Authorization": f"Bearer {made.token}"}
    assert TestClient(service.app).get("/v1/tracks", headers=header).status_code == 401


def test_a_key_that_was_just_made_is_known_at_once(service: MemoryService) -> None:
    made = new_key(Role.ADMIN)
    service.store.stored_keys.append(made.record)
    service.keyring._looked -= 10
    header = {"Authorization": f"Bearer {made.token}"}
    assert TestClient(service.app).get("/v1/tracks", headers=header).status_code == 200


def test_keys_stay_valid_while_the_database_is_away(service: MemoryService, admin: TestClient) -> None:
    service.store.away = True
    service.keyring.refresh()
    assert admin.get("/v1/tracks").status_code == 200


def test_a_listener_sees_nobody_else(anna: TestClient) -> None:
    assert anna.get("/v1/users/anna/recommendations").status_code == 200
    answer = anna.get("/v1/users/bob/recommendations")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:segue:problem:not-allowed")
    assert anna.delete("/v1/users/bob/profile").status_code == 403
    assert anna.put("/v1/active-model", json={"model": "1", "reason": "because"}).status_code == 403


def test_too_many_failures_are_slowed_down_and_a_valid_key_still_passes(
    service: MemoryService, admin: TestClient
) -> None:
    nobody = TestClient(service.app)
    answers = [nobody.get("/v1/tracks") for _ in range(MAXIMUM_FAILURES + 1)]
    assert [answer.status_code for answer in answers] == [401] * MAXIMUM_FAILURES + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert admin.get("/v1/tracks").status_code == 200


def test_failures_are_forgotten_after_a_minute() -> None:
    now = [0.0]
    limit = FailureLimit(lambda: now[0])
    assert [limit.fail("a") for _ in range(MAXIMUM_FAILURES)] == [None] * MAXIMUM_FAILURES
    assert limit.fail("a") == 60
    assert limit.fail("b") is None
    now[0] = 60.5
    assert limit.fail("a") is None


def test_addresses_that_failed_are_remembered_in_bounded_memory() -> None:
    limit = FailureLimit(lambda: 0.0)
    for number in range(20_000):
        limit.fail(str(number))
    assert len(limit._failures) <= 10_000


def test_a_token_names_its_key_and_hides_its_secret() -> None:
    made = new_key(Role.LISTENER, user="anna", note="phone")
    assert key_id(made.token) == made.record.id
    assert made.token not in repr(made)
    assert made.token.rpartition("_")[2] not in str(made.record)
    assert made.record.opens_with(made.token)
    assert not made.record.opens_with(new_key(Role.ADMIN).token)


@pytest.mark.parametrize(("role", "user"), [(Role.LISTENER, None), (Role.INGEST, "anna")])
def test_a_listeners_key_names_a_listener_and_one_for_any_listeners_events_does_not(
    role: Role, user: str | None
) -> None:
    with pytest.raises(ValueError, match="names"):
        new_key(role, user=user)


def test_a_damaged_file_of_keys_names_the_line() -> None:
    with pytest.raises(ValueError, match="line 2 is not a key"):
        decode_key_file(b'\n{"id": 1}\n')
