"""A service to touch: agents at work, measured by the generated module, and a Prometheus that watches them."""
