"""Communication with a running Prometheus: its HTTP API, remote write, evaluation over a span."""
