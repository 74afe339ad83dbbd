"""The history of balances, phones, calls and tickets: written every hour, read as hours with gaps.

Hours are hours of UTC. An hour that nobody observed is a gap, never a zero.
"""
