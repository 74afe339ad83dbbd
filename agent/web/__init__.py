"""Pages, the JSON API and the management endpoints."""
