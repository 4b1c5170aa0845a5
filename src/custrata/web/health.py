"""Liveness and readiness checks."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from custrata.web.workspace import workspace


def health(request: HttpRequest) -> HttpResponse:
    """Liveness: uses neither database nor workspace."""
    return HttpResponse("ok\n", "text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Readiness of database, migrations and workspace; status 503 where one fails."""
    checks = {name: _passes(check) for name, check in CHECKS.items()}
    return JsonResponse({"ready": all(checks.values()), "checks": checks}, status=200 if all(checks.values()) else 503)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever it is, we are not ready; the reason stands in the log of who tries to work
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _workspace() -> bool:
    return workspace().folder.is_dir()


CHECKS = {"database": _database, "migrations": _migrations, "workspace": _workspace}
