"""Searches have an index of parts; the one that held whole texts only took room."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_index_parts_of_customers")]

    operations = [migrations.RemoveIndex(model_name="customer", name="customers_customer_search")]
