"""Approved configurations of numbers, and how the present configuration differs from them."""
