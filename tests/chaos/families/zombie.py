"""A worker freezes beyond the session timeout, its partitions are taken over, and it wakes.

At exact places of its cycle, two of them where a late commit is most dangerous, and at random ones.
"""

from tests.chaos.family import Family, Span
from tests.chaos.freezing import freeze_at, freeze_now, trapped
from tests.chaos.instruments import worker as instrumented
from tests.chaos.instruments.traps import Place
from tests.chaos.run import Run

EXACT = (Place.OFFSETS, Place.REJOINED)
FURTHER = (Place.COMMIT, Place.WORK, Place.SEND)
RANDOM_FREEZES = 10
EXIT_FAILED = 70


async def inject(run: Run) -> None:
    """Freeze one worker after the other; between them all are at work."""
    for place in EXACT if run.plan.brief else EXACT + FURTHER:
        await freeze_at(run, run.random.choice(run.workers.all), place)
        await run.until_ready()
    for _ in range(0 if run.plan.brief else RANDOM_FREEZES):
        await freeze_now(run, run.random.choice(run.workers.all))
        await run.until_ready()
    run.measures["ended with 70"] = sum(
        ended.exit_status == EXIT_FAILED for ended in run.workers.ended
    )


FAMILY = Family(
    name="zombie",
    summary="workers freeze, lose their partitions and wake, at exact places and random ones",
    load_s=Span(brief=6, full=60),
    inject=inject,
    around=trapped,
    worker_command=instrumented.COMMAND,
    settings={
        "GREENLANE_SESSION_TIMEOUT_MS": "3000",
        # Longer than a takeover: the transaction of a frozen worker is still open when it wakes.
        "GREENLANE_TRANSACTION_TIMEOUT_MS": "20000",
    },
)
