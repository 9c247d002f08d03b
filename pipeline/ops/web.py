"""What a worker's web port tells: `/metrics`, `/health/live`, `/health/ready`."""

from time import monotonic, time

import faust
import orjson
import prometheus_client
from faust.web import Request, Response, View
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from pipeline.ops.broker import BrokerProbe
from pipeline.ops.health import ProgressWatch, judge
from pipeline.ops.metrics import Metrics
from pipeline.ops.observer import MetricsObserver
from pipeline.stream.engine import Engine
from pipeline.stream.lag import lag_records

LOOK_INTERVAL_S = 1.0
OK = 200
UNAVAILABLE = 503


def install_pages(
    app: faust.App, engine: Engine, metrics: Metrics, observer: MetricsObserver
) -> None:
    """Serve metrics and health on the application's web port, and look at the lag by timer.

    Turns off the `_created` series of prometheus-client for the process: they double the page.
    """
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
    watch = ProgressWatch(monotonic())
    probe = BrokerProbe(engine.settings.broker)

    async def look() -> None:
        lag = lag_records(app.consumer, engine)
        observer.on_lag(lag, int(time() * 1000))
        watch.look(
            now_s=monotonic(),
            ready=engine.ready,
            cycles=observer.cycles,
            working=engine.working,
            waiting_records=sum(lag.values()),
            partitions=len(lag),
        )

    async def health(view: View, *, asked: str) -> Response:
        await look()
        progress = watch.progress(broker_answers=asked == "live" or await probe.answers())
        judged = judge(progress, monotonic())
        well = judged.live if asked == "live" else judged.ready
        answer = {
            "status": "ok" if well else "unavailable",
            "reasons": judged.reasons,
            "waiting_records": progress.waiting_records,
            "assigned_partitions": progress.assigned_partitions,
        }
        return view.bytes(
            orjson.dumps(answer),
            content_type="application/json",
            status=OK if well else UNAVAILABLE,
        )

    async def live_page(view: View, request: Request) -> Response:
        return await health(view, asked="live")

    async def ready_page(view: View, request: Request) -> Response:
        return await health(view, asked="ready")

    async def metrics_page(view: View, request: Request) -> Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return view.bytes(generate_latest(metrics.registry), headers=headers)

    app.timer(LOOK_INTERVAL_S)(look)
    app.page("/health/live", name="live")(live_page)
    app.page("/health/ready", name="ready")(ready_page)
    app.page("/metrics", name="metrics")(metrics_page)
