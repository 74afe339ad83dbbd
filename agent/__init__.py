"""numwatch: polls providers, watches hotline numbers, opens tickets."""

__version__ = "0.2.0"
