"""Agent metrics as code: specs in, Prometheus rules and Grafana dashboards out."""

__version__ = "0.1.0"
