"""The inventory of an account: its numbers and their phones, as the configuration lists them."""
