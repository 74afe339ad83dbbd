"""A test for each capability that the source documents describe (docs/reference/domain.md §6)."""
