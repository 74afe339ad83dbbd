"""What providers push to the agent: proven, stored, then merged into what was polled."""
