"""The migrations from an older schema to the present one, in order."""
