"""The overview and the attention list."""
