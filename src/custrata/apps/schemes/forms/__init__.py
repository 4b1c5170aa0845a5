"""A scheme's definition as a form."""
