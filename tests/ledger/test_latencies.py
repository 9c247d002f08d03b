"""Percentiles in little memory."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ops.latency import Latencies


def test_without_durations_there_is_no_percentile() -> None:
    """None, not zero: zero would be praise."""
    assert Latencies().percentile(50) is None


@given(
    durations=st.lists(st.floats(-5, 1e7), min_size=1), percent=st.sampled_from([0, 50, 99, 100])
)
def test_a_percentile_is_exact_to_three_digits(durations: list[float], percent: int) -> None:
    """Compared with the sorted list of whole milliseconds."""
    latencies = Latencies()
    for duration_ms in durations:
        latencies.add(duration_ms)
    whole = sorted(max(int(duration_ms), 0) for duration_ms in durations)
    exact = whole[max(-(-len(whole) * percent // 100), 1) - 1]
    found = latencies.percentile(percent)
    assert found is not None
    assert found <= exact < found * 1.01 + 1
    assert len(latencies) == len(durations)
