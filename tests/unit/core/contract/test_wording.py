"""What operator, programs and commands write the same way: shortened texts, suggestions, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract.times import parse_timestamp, timestamp
from segue_core.contract.wording import did_you_mean, shorten, similar, without_frames


@given(st.text(), st.integers(1, 20))
def test_a_shortened_text_keeps_to_its_length_and_shows_that_it_was_cut(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= max(length, 1)
    assert short == text if len(text) <= length else short.endswith("…")


def test_similar_names_are_found_whatever_their_case_the_most_similar_first() -> None:
    assert similar("ARTIS", ["album", "Artist", "artists"]) == ("Artist", "artists")
    assert similar("zzz", ["album", "artist"]) == ()
    assert did_you_mean(["a", "b"]) == "did you mean a or b?"
    assert did_you_mean([]) is None


def test_times_are_written_in_utc_and_read_back() -> None:
    moment = datetime(2026, 1, 31, 13, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == "2026-01-31T12:00:05Z"
    assert parse_timestamp("2026-01-31T12:00:05Z") == datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31T12:00:05", ""])
def test_what_is_not_a_time_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time with a time zone, such as 2026-"):
        parse_timestamp(text)


TRACE = """Py4JJavaError: An error occurred while calling o64.save.
: org.apache.spark.SparkException: Job aborted due to stage failure
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2785)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: org.apache.kafka.common.KafkaException: Failed to construct kafka consumer
\tat org.apache.kafka.clients.consumer.KafkaConsumer.<init>(KafkaConsumer.java:823)
\t... 12 more
Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls
\tat org.apache.kafka.clients.ClientUtils.parse(ClientUtils.java:1)
\t... 15 more
"""


def test_a_stack_trace_becomes_its_first_words_and_its_causes() -> None:
    assert without_frames(TRACE) == (
        "Py4JJavaError: An error occurred while calling o64.save. "
        ": org.apache.spark.SparkException: Job aborted due to stage failure "
        "Caused by: org.apache.kafka.common.KafkaException: Failed to construct kafka consumer "
        "Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls"
    )


def test_the_last_cause_of_a_long_trace_is_kept() -> None:
    long = TRACE.replace("An error", "An error " + "x" * 5000)
    said = without_frames(long, 900)
    assert len(said) <= 902
    assert said.endswith("No resolvable bootstrap urls")


def test_the_end_of_a_trace_alone_says_its_cause() -> None:
    said = without_frames("\n".join(TRACE.splitlines()[-4:]))
    assert said == "Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls"


def test_a_text_that_is_no_trace_stays() -> None:
    assert without_frames("two lines\nof words at most") == "two lines\nof words at most"
