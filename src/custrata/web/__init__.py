"""The kit every app's pages are made with; no models."""
