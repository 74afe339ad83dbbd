"""The pages for people: one module for each, its route beside its handler."""
