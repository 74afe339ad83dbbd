"""What other systems post to the agent: webhooks in, durable before they are answered."""
