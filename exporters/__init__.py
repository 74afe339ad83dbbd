"""The metric surface: catalogue, columns, exposition. Knows nothing of the agent."""
