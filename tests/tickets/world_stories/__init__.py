"""Ticket stories from the world's side: faults happen, and tickets follow by way of the rules."""
