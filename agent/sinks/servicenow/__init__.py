"""ServiceNow: configuration section, sink and callback."""
