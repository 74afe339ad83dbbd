"""What a dispute is settled with: kept when it happens, handed out whole (ticketing.md §4)."""
