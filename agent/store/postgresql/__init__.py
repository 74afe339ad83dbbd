"""The store on PostgreSQL. Nothing here is imported while the store is SQLite's."""
