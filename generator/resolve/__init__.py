"""From the specs as written to the model as meant: defaults, units, references. A closed world."""
