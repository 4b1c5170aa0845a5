"""The command line: the library over a workspace folder."""

from custrata.cli.app import cli, main

__all__ = ["cli", "main"]
