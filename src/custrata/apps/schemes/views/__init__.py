"""Pages of schemes."""
