"""Several agents on one PostgreSQL: who polls, who delivers, who decides, and what moves."""
