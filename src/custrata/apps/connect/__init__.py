"""Programs that ask: the tokens they show."""
