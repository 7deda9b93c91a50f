"""A live service: agents at work, measured by the generated module, and a Prometheus that watches them."""
