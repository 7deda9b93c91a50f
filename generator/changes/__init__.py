"""What a change of specs does, for those who review it: alerts, bounds, promises, series, dashboards."""
