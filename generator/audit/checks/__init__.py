"""The checks of an audit: each takes what was seen and yields what contradicts the spec."""
