"""Expressions answered over what the rule engine sees, for people and for dashboards."""
