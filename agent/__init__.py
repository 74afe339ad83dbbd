"""The program: polls providers, watches hotline numbers, opens tickets."""
