"""The past behaviour of the compiled alerts over a span of history, from any Prometheus-compatible API."""
