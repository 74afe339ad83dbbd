"""Signatures of providers' own, each made as that provider's SDK makes it."""
