"""The deciders: each looks at one kind of cause and concludes, or leaves the case to the next."""
