"""The database: schema, migrations, one connection."""
