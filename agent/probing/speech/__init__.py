"""Speech recognition by the user's own model: what an announcement says, in words."""
