"""Whatever clients report, and however late: no record is lost, and none counts twice."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from segue_jobs.extract.deliveries import BACKOFF, Deliveries, Message

SILENCE = 75.0
ERROR = RuntimeError("unknown server error")


def message(size: int = 10) -> Message:
    return Message("topic", b"k", b"v" * (size - 1))


class Reports(RuleBasedStateMachine):
    """Clients of several generations report in any order, some twice, some late; a simple model keeps the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.account = Deliveries(SILENCE, self.now)
        self.waiting: dict[int, int] = {}
        self.handed_over: list[tuple[int, int]] = []

    @rule(size=st.integers(1, 1000))
    def send(self, size: int) -> None:
        number = self.account.add(message(size), self.now)
        self.waiting[number] = size
        self.handed_over.append((self.account.generation, number))

    @precondition(lambda self: self.handed_over)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        _, number = data.draw(st.sampled_from(self.handed_over))
        self.account.acknowledge(number, self.now)
        self.waiting.pop(number, None)

    @precondition(lambda self: self.handed_over)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        generation, number = data.draw(st.sampled_from(self.handed_over))
        counted = self.account.fail(generation, number, ERROR, self.now)
        assert counted == (generation == self.account.generation and number in self.waiting)

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.account.seconds_to_retry(self.now) == 0)
    @rule()
    def send_again(self) -> None:
        generation = self.account.begin_attempt(self.now)
        again = self.account.outstanding()
        self.handed_over += [(generation, number) for number, _ in again]
        assert self.account.seconds_to_retry(self.now) is None

    @invariant()
    def nothing_is_lost_and_the_order_is_kept(self) -> None:
        numbers = [number for number, _ in self.account.outstanding()]
        assert numbers == sorted(self.waiting)

    @invariant()
    def bytes_are_those_that_wait(self) -> None:
        assert self.account.bytes == sum(self.waiting.values()) >= 0

    @invariant()
    def an_attempt_is_never_further_away_than_the_longest_pause(self) -> None:
        pause = self.account.seconds_to_retry(self.now)
        assert pause is None or 0 <= pause <= BACKOFF.longest_seconds


TestReports = Reports.TestCase


def test_many_failures_of_one_client_are_one_attempt() -> None:
    account = Deliveries(SILENCE, 0.0)
    numbers = [account.add(message(), 0.0) for _ in range(28)]
    for number in numbers:
        account.fail(0, number, ERROR, 1.0)
    assert (account.failures, account.seconds_to_retry(1.0)) == (28, BACKOFF.first_seconds)
    account.begin_attempt(1.5)
    assert account.seconds_to_retry(1.5) is None


def test_pauses_grow_until_all_that_was_sent_again_has_arrived() -> None:
    account = Deliveries(SILENCE, 0.0)
    stubborn, other = account.add(message(), 0.0), account.add(message(), 0.0)
    for attempt in range(5):
        account.fail(account.generation, stubborn, ERROR, 0.0)
        assert account.seconds_to_retry(0.0) == BACKOFF.pause(attempt + 1)
        account.begin_attempt(0.0)
        account.acknowledge(other, 0.0)  # a success of another record does not end the trouble
    account.acknowledge(stubborn, 0.0)
    later = account.add(message(), 0.0)
    account.fail(account.generation, later, ERROR, 0.0)
    assert account.seconds_to_retry(0.0) == BACKOFF.first_seconds


def test_a_client_that_says_nothing_is_replaced() -> None:
    account = Deliveries(SILENCE, 0.0)
    assert account.seconds_to_retry(1000.0) is None  # nothing waits
    account.add(message(), 1000.0)
    assert account.seconds_to_retry(1000.0 + SILENCE) is None
    assert account.seconds_to_retry(1001.0 + SILENCE) == 0
    account.begin_attempt(1001.0 + SILENCE)
    assert account.seconds_to_retry(1001.0 + SILENCE) is None


def test_patience_begins_with_the_first_attempt_to_put_it_right() -> None:
    """A program that was busy for a long time has not tried yet, and must not give up at once."""
    account = Deliveries(SILENCE, 0.0)
    number = account.add(message(), 0.0)
    account.fail(0, number, ERROR, 1.0)
    account.begin_attempt(400.0)
    assert account.seconds_waited(400.0) == 0
    account.fail(1, number, ERROR, 401.0)
    account.begin_attempt(402.0)
    assert account.seconds_waited(500.0) == 100
