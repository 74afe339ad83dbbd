"""Any SMS gateway with an HTTP interface: its configuration and its sink."""
