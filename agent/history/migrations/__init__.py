"""The migrations from an older schema of the history to the present one, in order."""
