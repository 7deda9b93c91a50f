"""The front end: YAML sources become a spec with positions, as written."""
