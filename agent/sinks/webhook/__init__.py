"""The generic webhook: signed as Standard Webhooks, or a request built from templates."""
