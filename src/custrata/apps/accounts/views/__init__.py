"""The pages of people, and the note of when they were last here."""
