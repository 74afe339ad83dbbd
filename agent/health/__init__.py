"""How each number is: one definition, which pages, API, commands and metrics share."""
