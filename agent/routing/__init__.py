"""Where a call goes: which phones ring in which order, or what the caller hears instead."""
