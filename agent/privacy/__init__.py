"""Data about people in the store: how long it is kept, and one person's, to export or delete."""
