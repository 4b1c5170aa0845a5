"""What a token of the REST API may be good for. Each app declares its scopes in its `rights.py`."""

from __future__ import annotations

from custrata.web.rights import Right


class TokenScope(str):
    """One thing that a token is good for: its name as a text, and the right that its maker must have for it.

    Parameters: `app` is the label of the app that declares it, whose wording names it under `scopes.<name>`, with an
    underscore for the colon; lists of scopes show the lowest `order` first.
    """

    app: str
    order: int
    right: Right

    def __new__(cls, name: str, *, app: str, order: int, right: Right) -> TokenScope:
        scope = super().__new__(cls, name)
        scope.app, scope.order, scope.right = app, order, right
        return scope

    @property
    def phrase(self) -> str:
        """The phrase that names it."""
        return f"{self.app}.scopes.{self.replace(':', '_')}"
