"""Schemes and tiers, and the refresh that fills them."""
