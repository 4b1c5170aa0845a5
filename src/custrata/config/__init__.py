"""The server put together: settings, addresses, commands."""
