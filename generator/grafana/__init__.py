"""Grafana: the dashboards that read the recorded signals, and the files that provision them."""
