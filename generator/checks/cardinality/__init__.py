"""How many series a spec allows, and what must not be a label."""
