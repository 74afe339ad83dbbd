"""The pages of accounts: all of them with their money, and one with its balance over time."""
