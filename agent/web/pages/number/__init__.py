"""A number's page and that of its diagnosis: a module for each part, and what its forms do."""
