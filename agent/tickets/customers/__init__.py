"""The customers behind a ticket: who they are, where, and whom they want told."""
