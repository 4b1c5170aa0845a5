"""Prometheus metrics: requests by view and status, durations, and gauges of apps.

Apps add gauges with `add_gauge`; they are read at every scrape.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Read = Callable[[], Mapping[str, float]]

STEPS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
REQUESTS = Counter("custrata_requests", "Requests answered.", ["view", "method", "status"])
DURATIONS = Histogram("custrata_request_seconds", "Seconds until the answer stood.", ["view"], buckets=STEPS)
MARKS = ("Forwarded", "X-Forwarded-", "X-Real-Ip", "Via")  # of proxies, as Django spells headers
_gauges: dict[str, tuple[str, str, Read]] = {}


class _Gauges:
    """Collects the gauges that apps added."""

    def collect(self) -> Iterable[Metric]:
        for name, (help_text, label, read) in _gauges.items():
            gauge = GaugeMetricFamily(name, help_text, labels=[label])
            for value, number in read().items():
                gauge.add_metric([value], number)
            yield gauge


REGISTRY.register(_Gauges())


def add_gauge(name: str, help_text: str, label: str, read: Read) -> None:
    """Register a gauge with one label, read at every scrape: `add_gauge("custrata_jobs", "Jobs.", "state", counts)`."""
    _gauges[name] = (help_text, label, read)


def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for requests with the token of the settings or, without a proxy, from this machine."""
    if not (_has_token(request) or _is_local(request)):
        return HttpResponse("Metrics are given on this machine, or with the token.\n", "text/plain", status=403)
    return HttpResponse(generate_latest(REGISTRY), CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())


def _is_local(request: HttpRequest) -> bool:
    """Whether the request comes from this machine, by the peer address of the connection.

    Behind a proxy on this machine every request has a local peer. So with proxies configured nothing counts as local,
    nor do requests with headers of an unconfigured proxy.
    """
    passed_on = settings.PROXIES or any(name.startswith(MARKS) for name in request.headers)
    try:
        return not passed_on and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
