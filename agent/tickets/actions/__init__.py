"""What people and ticket systems may do with a ticket, and the effect of each action."""
