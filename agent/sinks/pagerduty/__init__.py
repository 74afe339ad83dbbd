"""PagerDuty: configuration section, sink and callback."""
