"""Go text templates as Prometheus rule files use them."""
