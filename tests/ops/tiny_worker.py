"""A worker of the two tiny rooms with metrics and health on its web port.

`python -m tests.ops.tiny_worker BROKER PREFIX WORKER_ID WEB_PORT`
"""

import sys

import faust
from prometheus_client import CollectorRegistry

from pipeline.model.decision import Versions
from pipeline.ops.metrics import Metrics
from pipeline.ops.observer import MetricsObserver
from pipeline.ops.web import install_pages
from pipeline.stream.app import build_stream_app
from tests.stream.counting import Count, Split, settings

VERSIONS = Versions(rule_book="b1", risk_rules="r1", data_rules="d1", software="s1")


def main() -> None:
    broker, prefix, worker_id, web_port = sys.argv[1:]
    rooms = [Split(), Count()]
    metrics = Metrics(CollectorRegistry(), rooms)
    metrics.set_worker(worker_id, VERSIONS)
    observer = MetricsObserver(metrics, rooms)
    app = build_stream_app(rooms, settings(broker, prefix, worker_id, int(web_port)), observer)
    install_pages(app, app.engine, metrics, observer)
    faust.Worker(app, loglevel="INFO", logfile=None).execute_from_commandline()


if __name__ == "__main__":
    main()
