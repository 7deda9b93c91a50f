"""What the compiled alerts would have done over a span of history, asked of any Prometheus-compatible API."""
