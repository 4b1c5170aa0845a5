"""What people may do with tokens."""

from __future__ import annotations

from custrata.web.rights import Right

MANAGE_TOKENS = Right("manage_tokens", app="connect", order=220)
