"""Pages of schemes and runs."""
