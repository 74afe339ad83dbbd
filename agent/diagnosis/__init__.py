"""Why a number cannot be reached, whose job it is, and what to do next."""
