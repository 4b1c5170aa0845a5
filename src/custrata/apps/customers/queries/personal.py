"""The tables whose rows are about customers, as the apps declare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from custrata.web.manifest import Personal, manifests


def personal_models() -> Iterator[tuple[type[models.Model], Personal]]:
    """Every model with rows about customers, the lowest app first."""
    for app in manifests():
        for declared in app.personal:
            yield apps.get_model(app.label, declared.model), declared


def personal_data(customer_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything the database has about a customer, by table, for who asks what is stored about them."""
    rows = {
        model._meta.db_table: list(
            model._base_manager.filter(customer_id=customer_id).order_by("pk").values(*declared.exported)
        )
        for model, declared in personal_models()
    }
    return {table: stored for table, stored in rows.items() if stored}
