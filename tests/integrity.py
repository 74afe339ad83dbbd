"""Whether a ledger's file is intact."""

from sqlalchemy import text

from agent.store.database import Database


async def integrity_of(database: Database) -> str:
    """What SQLite reports about the file of ``database``: ``ok`` when it is intact."""
    async with database.transaction() as connection:
        return str((await connection.execute(text("PRAGMA integrity_check"))).scalar_one())
