"""The declarative client: a provider whose API is described by a YAML profile."""
