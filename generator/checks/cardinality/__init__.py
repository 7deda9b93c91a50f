"""The number of series that a spec allows, and the forbidden labels."""
