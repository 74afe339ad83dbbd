"""SMS through Alibaba Cloud: its configuration and its sink."""
