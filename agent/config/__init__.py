"""YAML to validated settings; every error with file, line and key path."""
