"""URLs of pages that fail, for the tests of the kit, in addition to the server's own."""

from __future__ import annotations

from typing import NoReturn

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import RequestContext, Template
from django.urls import path

from custrata.apps.insights.rights import SEE_OVERVIEW
from custrata.config.urls import handler400, handler403, handler404, handler500
from custrata.config.urls import urlpatterns as ours
from custrata.web.gate import needs

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


ROWS = [
    {"name": "High", "colour": "step-0", "values": [5, 6, None, 9], "hrefs": ["/form/?high"] * 4},
    {"name": "Low", "colour": "step-20", "values": [1, 2, 3, 4]},
]
DAYS = ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]
LINES = [{"at": 1.5, "name": "At risk"}, {"at": 2, "name": "Churned"}]
POINTS = [
    {"start": 0.5, "back": 0.9, "seen": 900, "said": "90% (85–94)", "low": 0.85, "high": 0.94},
    {"start": 2.5, "back": 0.4, "seen": 90, "said": "40%"},
]
CHARTS: dict[str, dict[str, object]] = {
    "series": {"days": DAYS, "rows": ROWS, "stacked": True, "unit": "money"},
    "silence": {
        "rows": [
            {"name": f"Stratum {n}", "colour": f"stratum-{n}", "points": POINTS, "at_risk": 1.5, "churned": churned}
            for n, churned in enumerate((2, None))
        ],
        "at_risk_name": "at risk",
        "churned_name": "churned",
        "x_name": "Silence",
        "y_name": "Came back",
        "seen_name": "Seen",
    },
    "distribution": {"edges": [0, 1, 5, 90], "counts": [9, 5, 1], "lines": LINES, "x_name": "Spend", "y_name": "Many"},
    "rhythm": {
        "orders": [{"at": f"{day}T10:00:00Z", "amount": 20, "href": "/form/?order"} for day in DAYS],
        "as_of": "2025-05-01T00:00:00Z",
        "as_of_name": "As of",
        "y_name": "Amount",
        "expected": ["2025-05-10", "2025-05-20"],
        "expected_name": "Expected",
    },
    "bars": {"rows": [{"name": "Grocery", "value": 5512.5, "href": "/form/?bar"}, {"name": "Meat", "value": 80}]},
}
SHOWCASE = """{% extends "web/page.html" %}
{% block title %}Everything{% endblock %}
{% block actions %}
<details class="dropdown"><summary class="btn">{% icon "users" %}Columns</summary>
<div class="dropdown-menu"><a class="dropdown-item" href="#content">One</a></div></details>
<button class="btn btn-primary" type="button">{% icon "refresh" %}Go</button>{% endblock %}
{% block content %}<div class="stack">
{% for name, data in charts.items %}
<div class="card"><div class="card-header"><h2 class="card-title">{{ name }}</h2></div>
<div class="card-body">{% chart name data label=name fallback="as a table" %}</div></div>{% endfor %}
<div class="card"><div class="table-responsive" tabindex="0" role="region" aria-label="tiers"><table class="table">
<thead><tr><th>Tier</th><th class="number">Customers</th><th class="number">Revenue</th></tr></thead>
<tbody><tr><td>{% tier_badge "value" "high" href="/form/" %}</td><td class="number">{{ 1204|number }}</td>
<td class="number">{{ 1157000|money }}</td></tr>
<tr><td>{% tier_badge "value" "low" %}</td><td></td><td></td></tr></tbody>
</table></div></div>
<div class="card">{% include "web/empty.html" with icon="users" title="Nobody" href="/" action="Go" %}</div>
<div class="card"><div class="card-body">{% include "web/parts/progress.html" with fraction=0.4 label="Half way" %}
<form hx-get="/broken/c001/" hx-target="#there"><button class="btn" id="ask">Ask</button></form><div id="there"></div>
<span class="badge bg-green-lt">Well</span> <span class="badge bg-red-lt">Bad</span>
<span class="badge bg-yellow-lt">Hm</span></div></div>
</div>{% endblock %}"""


@needs(SEE_OVERVIEW)
def showcase(request: HttpRequest) -> HttpResponse:
    """Every component of the kit on one page."""
    return HttpResponse(Template(SHOWCASE).render(RequestContext(request, {"charts": CHARTS})))


@needs(SEE_OVERVIEW)
def plain(request: HttpRequest) -> HttpResponse:
    messages.success(request, "kept <b>")
    return render(request, "web/page.html")


def no_sense(request: HttpRequest) -> NoReturn:
    raise BadRequest


def shut(request: HttpRequest) -> NoReturn:
    raise PermissionDenied


def broken(request: HttpRequest, customer: str) -> NoReturn:
    raise ValueError(f"no such row: {customer}, 王小明, 13800138000")


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sent")


urlpatterns = [
    path("showcase/", showcase),
    path("plain/", plain, name="plain"),
    path("no-sense/", no_sense),
    path("shut/", shut),
    path("broken/<str:customer>/", broken, name="broken"),
    path("form/", form),
    *ours,
]
