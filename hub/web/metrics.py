"""`/metrics` for Prometheus: what the web processes counted, and what the database says of the worker and the backlog.

No label holds a reference, a person or an organisation: a page is counted under the template of its route.
"""

from __future__ import annotations

import hmac
import os
import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from ipaddress import ip_address
from typing import Final

from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from hub.config import Settings
from hub.web.access import public
from hub.web.database import db
from hub.web.metrics_queries import read_figures
from hub.web.shell import chosen_settings

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the processes of one server share their counts; the library reads it when it is imported."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; 0.25 is what 95 of 100 requests should stay under."""
_FROM_A_PROXY: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via")

blueprint = Blueprint("metrics", __name__)
_own = CollectorRegistry()
REQUESTS: Final = Counter("hub_http_requests", "Requests answered.", ("method", "route", "status"), registry=_own)
DURATION: Final = Histogram(
    "hub_http_request_seconds",
    "Time from a request to the last byte of its answer.",
    ("method", "route"),
    buckets=BUCKETS,
    registry=_own,
)
IN_FLIGHT: Final = Gauge(
    "hub_http_requests_in_flight", "Requests being answered now.", multiprocess_mode="livesum", registry=_own
)


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request: by template, never by address, and by the first digit of its status."""
    request_count, duration = _series(method, route, status // 100)
    request_count.inc()
    duration.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Kept, since to find a series by its labels takes longer than to count; there are as many as kinds of page."""
    return REQUESTS.labels(method, route, f"{status}xx"), DURATION.labels(method, route)


@blueprint.get("/metrics")
@public
def show() -> ResponseReturnValue:
    """The figures as text, to this machine or to who has the token; to anybody else there is no such page."""
    if not (_is_this_machine() or _has_token(chosen_settings())):
        abort(404)
    registry = CollectorRegistry()
    if FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    else:
        registry.register(_own)
    registry.register(_Found(list(_families())))
    return generate_latest(registry), 200, {"Content-Type": CONTENT_TYPE_LATEST}


def _is_this_machine() -> bool:
    """Whether a program on this very machine asks, and not for somebody: no proxy stands between.

    What a trusted proxy says of the client is not the peer: ProxyFix keeps who that was.
    """
    if any(name in request.headers for name in _FROM_A_PROXY):
        return False
    before = request.environ.get("werkzeug.proxy_fix.orig") or request.environ
    try:
        return ip_address(before.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


def _has_token(chosen: Settings) -> bool:
    """Whether the request carries HUB_METRICS_TOKEN; compared in a time that says nothing about how much of it fits."""
    if chosen.metrics_token is None:
        return False
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = chosen.metrics_token.get_secret_value().encode()
    return hmac.compare_digest(given.strip().encode(), wanted) and scheme.lower() == "bearer"


class _Found(Collector):
    """Figures that were read for this one answer."""

    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> list[Metric]:
        """What was read."""
        return self.families


def _families() -> Iterator[Metric]:
    """What runs here, and what the database says; without an answer only that there is none."""
    build = GaugeMetricFamily("hub_build_info", "What runs here; always 1.", labels=("version", "python"))
    build.add_metric((version("commissioning-hub"), platform.python_version()), 1)
    yield build
    try:
        found = read_figures(db.session, g.now)
    except SQLAlchemyError:
        found = None
    yield GaugeMetricFamily("hub_database_answers", "1 when the database answered.", value=float(found is not None))
    for figure in found or ():
        kind = CounterMetricFamily if figure.only_grows else GaugeMetricFamily
        family = kind(figure.name, figure.means, labels=figure.labels)
        for label, value in figure.values.items():
            family.add_metric((label,) if label else (), value)
        yield family
