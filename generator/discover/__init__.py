"""A first spec from existing series: the profile that reads them, the bounds, and a test of its dashboards."""
