"""The checks of an audit: each takes the observed series and yields contradictions to the spec."""
