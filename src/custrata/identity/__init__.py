"""Who is who: from what the sources say to one row per customer."""

from custrata.identity.golden import custom_traits, golden_customers, payments_typed

__all__ = ["custom_traits", "golden_customers", "payments_typed"]
