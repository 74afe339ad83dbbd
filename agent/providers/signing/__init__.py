"""Request signatures: which digest over which text goes into which header or parameter."""
