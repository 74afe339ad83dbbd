"""What terminals and pipes are written: wrapped text, columns by width, times in words."""
