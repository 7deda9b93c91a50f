"""The effects of a change of specs, for its reviewers: alerts, bounds, objectives, series, dashboards."""
