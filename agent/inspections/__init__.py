"""Routine inspections of numbers, and their onboarding until they are taken over."""
