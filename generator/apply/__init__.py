"""Bringing ``output/`` to a running Grafana and a running Prometheus."""
