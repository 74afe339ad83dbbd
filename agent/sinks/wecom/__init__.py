"""WeCom: configuration section, sink and callback."""
