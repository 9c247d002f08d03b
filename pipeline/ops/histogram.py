"""A histogram that takes many equal observations at once: a cycle decides thousands of parcels."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import inf

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry


class BatchHistogram(Collector):
    """A Prometheus histogram with one label and an `observe` that takes a count.

    prometheus-client's own histogram observes one value per call.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        *,
        label: str,
        label_values: Sequence[str],
        buckets: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._label = label
        self._limits = [*buckets, inf]
        self._counts = {value: [0] * len(self._limits) for value in label_values}
        self._sums = dict.fromkeys(label_values, 0.0)
        registry.register(self)

    def observe(self, label_value: str, value: float, count: int) -> None:
        """Count `count` observations of `value`, under one of the declared label values."""
        self._counts[label_value][bisect_left(self._limits, value)] += count
        self._sums[label_value] += value * count

    def describe(self) -> Iterator[Metric]:
        """The family without samples."""
        yield self._family()

    def collect(self) -> Iterator[Metric]:
        """The family with its present samples."""
        family = self._family()
        for label_value, counts in self._counts.items():
            buckets, total = [], 0
            for limit, count in zip(self._limits, counts, strict=True):
                total += count
                buckets.append(("+Inf" if limit == inf else str(limit), total))
            family.add_metric([label_value], buckets, self._sums[label_value])
        yield family

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._documentation, labels=[self._label])
