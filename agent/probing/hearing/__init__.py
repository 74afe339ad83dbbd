"""What a caller hears: pure functions over PCM and counters; nothing here calls or stores."""
