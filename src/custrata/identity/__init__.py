"""Golden records: from the records of all sources to one row per customer."""

from custrata.identity.golden import custom_traits, golden_customers, with_typed_payments

__all__ = ["custom_traits", "golden_customers", "with_typed_payments"]
