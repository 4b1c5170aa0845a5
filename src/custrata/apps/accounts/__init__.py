"""People, roles, sessions."""
