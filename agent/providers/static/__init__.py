"""Numbers and phones from the inventory alone, without any request."""
