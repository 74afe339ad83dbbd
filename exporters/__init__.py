"""The metric surface: catalogue, columns, exposition. Imports nothing of ``agent``."""
