"""Resolve the specs as written into the model as meant: defaults, units, references. A closed world."""
