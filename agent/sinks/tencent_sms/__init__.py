"""SMS through Tencent Cloud: its configuration and its sink."""
