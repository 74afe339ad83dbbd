"""Service-level clocks, their terms, and what the passing of time does to a ticket."""
