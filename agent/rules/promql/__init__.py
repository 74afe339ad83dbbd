"""PromQL: parsed by promql-parser, compiled to typed nodes, evaluated with numpy over columns."""
