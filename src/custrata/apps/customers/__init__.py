"""The customers as people see, edit and find them."""
