"""The rule language: parsed, compiled to own nodes, evaluated over columns."""
