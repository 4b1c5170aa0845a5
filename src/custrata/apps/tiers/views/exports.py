"""Exports of tiers as CSV and Excel."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.rights import EXPORT
from custrata.apps.tiers.actions import record_export
from custrata.apps.tiers.queries import runs, sheets
from custrata.apps.tiers.views.lookups import scheme_or_404
from custrata.pipeline.reading import NoSuchRun
from custrata.web import texts
from custrata.web.exports import file_response
from custrata.web.gate import needs

CHOICES = ("tiers.csv", "tiers.xlsx", "customers.csv", "customers.xlsx")


@needs(EXPORT)
@require_POST
def export(request: HttpRequest, key: str) -> HttpResponseBase:
    """Export the tiers of a scheme, or its customers with their tiers."""
    choice = request.POST.get("file", "")
    try:
        run = runs.run_or_newest(request.POST.get("run", ""))
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
    if run is None or choice not in CHOICES:
        raise Http404
    scheme = scheme_or_404(key, run)
    if not scheme.tiers or (choice == "customers.xlsx" and scheme.customers > sheets.MOST_IN_EXCEL):
        raise Http404
    what, _, kind = choice.partition(".")
    sheet = sheets.tier_sheet(scheme, run) if what == "tiers" else sheets.customer_sheet(scheme, run)
    record_export(scheme=key, run=run.id, what=what, kind=kind, actor=current_user(request), at=timezone.now())
    return file_response(kind, f"{key}-{what}-{run.id[:8]}", sheet.header, sheet.rows)
