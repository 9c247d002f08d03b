"""The judgement of a worker's health, as a table."""

from dataclasses import replace

import pytest

from pipeline.ops.health import RECOVERY_MAX_S, STUCK_AFTER_S, Progress, ProgressWatch, judge

WELL = Progress(
    ready_since_s=10.0,
    unready_since_s=0.0,
    well_at_s=100.0,
    waiting_records=0,
    working=False,
    assigned_partitions=8,
    broker_answers=True,
)
LATE_S = 100.0 + STUCK_AFTER_S + 1


@pytest.mark.parametrize(
    ("progress", "now_s", "live", "ready"),
    [
        pytest.param(WELL, 100.0, True, True, id="at work"),
        pytest.param(WELL, 1e6, True, True, id="idle for days, nothing waits"),
        pytest.param(replace(WELL, waiting_records=5), 101.0, True, True, id="busy"),
        pytest.param(replace(WELL, waiting_records=5), LATE_S, False, False, id="stuck"),
        pytest.param(replace(WELL, working=True), LATE_S, False, False, id="transaction hangs"),
        pytest.param(
            replace(WELL, waiting_records=5, ready_since_s=LATE_S - 1),
            *(LATE_S, True, True),
            id="just assigned, a backlog waits",
        ),
        pytest.param(
            replace(WELL, ready_since_s=None), 5.0, True, False, id="memories being restored"
        ),
        pytest.param(
            replace(WELL, ready_since_s=None),
            *(RECOVERY_MAX_S + 1, False, False),
            id="memories never restored",
        ),
        pytest.param(
            replace(WELL, broker_answers=False), 100.0, True, False, id="broker is silent"
        ),
        pytest.param(replace(WELL, assigned_partitions=0), 100.0, True, True, id="standby"),
    ],
)
def test_judgement(progress: Progress, now_s: float, live: bool, ready: bool) -> None:
    judged = judge(progress, now_s)
    assert (judged.live, judged.ready) == (live, ready)
    assert bool(judged.reasons) == (not (live and ready))


def test_the_reason_names_what_waits_and_for_how_long() -> None:
    assert judge(replace(WELL, waiting_records=812), 173.0).reasons == (
        "nothing committed for 73 s, 812 records wait",
    )


class Looks:
    """Looks at a worker in its natural state, except for what a test says."""

    def __init__(self) -> None:
        self.watch = ProgressWatch(0.0)

    def look(self, now_s: float, **state: int) -> Progress:
        usual = {"ready": True, "cycles": 0, "working": False, "waiting_records": 0}
        self.watch.look(now_s=now_s, partitions=8, **{**usual, **state})
        return self.watch.progress(broker_answers=True)


def test_a_record_that_just_arrived_after_a_long_idle_time_is_not_yet_stuck() -> None:
    looks = Looks()
    looks.look(1_000.0)
    assert judge(looks.look(1_001.0, waiting_records=1), 1_001.0).live


def test_a_commit_is_progress_even_if_as_much_waits_as_before() -> None:
    looks = Looks()
    for second in range(0, 300, 10):
        progress = looks.look(float(second), cycles=second, waiting_records=9)
        assert judge(progress, float(second)).live


def test_waiting_records_without_a_commit_are_stuck_after_a_minute() -> None:
    looks = Looks()
    looks.look(0.0, cycles=7)
    for second in (1.0, 30.0, 59.0):
        assert judge(looks.look(second, cycles=7, waiting_records=9), second).live
    assert not judge(looks.look(61.0, cycles=7, waiting_records=9), 61.0).live


def test_a_cycle_that_never_ends_is_stuck_after_a_minute() -> None:
    looks = Looks()
    looks.look(0.0, cycles=7)
    progress = looks.look(61.0, cycles=7, working=True)
    assert judge(progress, 61.0).reasons == ("a cycle is under way for 61 s",)


def test_lost_partitions_make_the_worker_unready_until_they_are_back() -> None:
    looks = Looks()
    assert judge(looks.look(1.0), 1.0).ready
    assert not judge(looks.look(2.0, ready=False), 2.0).ready
    assert judge(looks.look(3.0), 3.0).ready
