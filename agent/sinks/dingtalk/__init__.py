"""DingTalk: configuration section, sink and callback."""
