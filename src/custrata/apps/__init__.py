"""The Django apps: each folder is a feature."""
