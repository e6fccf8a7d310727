"""kafka-python still has what Segue uses beyond its public interface, and its errors are kept short."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.coordinator.base import BaseCoordinator
from kafka.errors import KafkaError
from kafka.producer.sender import Sender

from segue_core.broker.kafka_client import explain, rejoin_request, stop_sending


def test_a_consumer_can_be_asked_to_rejoin() -> None:
    changed = "kafka-python has changed: see rejoin_request"
    assert "self._coordinator = " in inspect.getsource(KafkaConsumer), changed
    assert callable(getattr(BaseCoordinator, "request_rejoin", None)), changed


def test_a_producers_network_thread_can_be_stopped() -> None:
    changed = "kafka-python has changed: see stop_sending"
    assert "self._sender = " in inspect.getsource(KafkaProducer), changed
    assert issubclass(Sender, threading.Thread), changed
    assert callable(getattr(Sender, "force_close", None)), changed


@pytest.mark.parametrize("call", [rejoin_request, lambda client: stop_sending(client, 1.0)])
def test_a_client_that_cannot_do_it_says_what_to_do(call: Callable[[Any], object]) -> None:
    with pytest.raises(RuntimeError, match=r"kafka-python has changed: .*adapt segue_core.broker.kafka_client"):
        call(object())


def test_an_error_that_contains_a_whole_response_is_shortened() -> None:
    assert explain(ValueError("a\n  b")) == "a b"
    assert len(explain(KafkaError("x" * 10_000))) <= 301
    assert explain(ValueError()) == "ValueError"
