"""If the broker answers late, or not for a while, the sink reads in the end, whatever the client does."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaAdminClient

from segue.servers.embedded import KafkaServer
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings
from segue_jobs.sink import reader as reader_module
from segue_jobs.sink.membership import Fault
from support.group_members import Member, OtherGroup, mark, settle
from support.kafka_proxy import SYNC_GROUP, KafkaProxy
from support.processes import children, need_proc
from support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker for this file alone, which it may stop."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(kafka: KafkaServer) -> Iterator[KafkaProxy]:
    with KafkaProxy(kafka) as proxy:
        yield proxy


@pytest.fixture
def settings(proxy: KafkaProxy, request: pytest.FixtureRequest) -> Iterator[KafkaSettings]:
    """Topics for this test alone, on a broker that answers at once when the test begins and ends."""
    made = KafkaSettings(proxy.bootstrap, topic_prefix=f"t{abs(hash(request.node.name))}", create_topics=True)
    ensure_topics(made)
    yield made
    proxy.delay = lambda _request: 0.0


def _late(seconds: Callable[[], float]) -> Callable[[int], float]:
    """The last response of a join is delayed, as by a broker with a slow disk."""
    return lambda request: seconds() if request == SYNC_GROUP else 0.0


def _start_and_read(settings: KafkaSettings, starts: int) -> list[Member]:
    """Members that have not read anything within a minute; each joins its own group."""
    members = [Member(OtherGroup.of(settings)) for _ in range(starts)]
    try:
        return settle(members, mark(settings), 60)
    finally:
        for member in members:
            member.stop()


def test_a_start_with_late_answers_joins_once_and_reads(
    proxy: KafkaProxy, settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.delay = _late(lambda: 0.6)
    caplog.set_level("INFO", "segue_jobs.sink.held_partitions")
    assert _start_and_read(settings, 4) == []
    assert caplog.messages.count("partitions assigned") == 4  # who knows all partitions need not join twice


def test_a_rejoin_with_late_answers_stays_wanted_until_it_is_done(
    proxy: KafkaProxy, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_module._CONSUMER_OPTIONS, "metadata_max_age_ms", 1000)
    member = Member(settings)
    try:
        assert settle([member], mark(settings), 60) == []
        proxy.delay = _late(lambda: 0.8)
        more = _with_more_partitions(settings)
        assert settle([member], mark(more), 60) == []
    finally:
        member.stop()
    assert member.replaced == []


def test_a_consumer_that_reads_no_more_is_replaced(
    proxy: KafkaProxy, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client without our fix: it forgets that it wanted to rejoin, and never reads again."""
    monkeypatch.setattr(reader_module, "rejoin_request", lambda _consumer: lambda: None)
    monkeypatch.setattr("segue_jobs.sink.membership.patience", lambda _fault: 3.0)
    monkeypatch.setattr(reader_module, "_SOON_SECONDS", 0.5)
    monkeypatch.setattr(reader_module, "_LATER_SECONDS", 0.5)
    monkeypatch.setitem(reader_module._CONSUMER_OPTIONS, "metadata_max_age_ms", 1000)
    member = Member(settings)
    try:
        assert settle([member], mark(settings), 60) == []
        proxy.delay = _late(lambda: 0.8)
        more = _with_more_partitions(settings)
        wait_until(lambda: bool(member.replaced))
        assert settle([member], mark(more), 60) == []
    finally:
        member.stop()
    assert member.replaced[0] in (Fault.NOT_ASSIGNED, Fault.EXPELLED)


def _with_more_partitions(settings: KafkaSettings) -> KafkaSettings:
    """Settings for topics with one more partition; the consumer notices within a second."""
    more = KafkaSettings(settings.bootstrap, topic_prefix=settings.topic_prefix, partitions=settings.partitions + 1)
    admin = KafkaAdminClient(**settings.client_options())
    try:
        admin.create_partitions({settings.topic(topic): more.partitions for topic in Topic})
    finally:
        admin.close()
    return more


@pytest.mark.faults
@pytest.mark.parametrize("longest", [0.6, 3.0])
def test_a_hundred_starts_with_late_answers(proxy: KafkaProxy, settings: KafkaSettings, longest: float) -> None:
    dice = random.Random(longest)
    proxy.delay = _late(lambda: longest if longest < 1 else dice.uniform(0, longest))
    assert [_start_and_read(settings, 10) for _ in range(10)] == [[]] * 10


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(6))
def test_starts_while_the_broker_is_stopped(kafka: KafkaServer, settings: KafkaSettings, seed: int) -> None:
    need_proc()
    dice = random.Random(seed)
    members = [Member(OtherGroup.of(settings)) for _ in range(8)]
    time.sleep(dice.uniform(0, 1.5))
    for process in children(kafka.pid):
        os.kill(process, signal.SIGSTOP)
    time.sleep(dice.uniform(1, 20))
    for process in children(kafka.pid):
        os.kill(process, signal.SIGCONT)
    try:
        assert settle(members, mark(settings), 100) == []
    finally:
        for member in members:
            member.stop()


@pytest.mark.faults
def test_two_sinks_that_come_and_go(proxy: KafkaProxy, settings: KafkaSettings) -> None:
    dice = random.Random(1)
    proxy.delay = _late(lambda: dice.uniform(0, 1.5))
    read: dict = {}
    members: list[Member] = []
    for _ in range(30):
        members.append(Member(settings, read))
        if len(members) > 2 or dice.random() < 0.3:
            members.pop(dice.randrange(len(members))).stop()
        time.sleep(dice.uniform(0, 3))
    members.append(Member(settings, read))
    try:
        assert settle(members[-1:], mark(settings), 100) == []
    finally:
        for member in members:
            member.stop()
