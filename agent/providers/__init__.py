"""Provider APIs to facts; the only door out is http.py."""
