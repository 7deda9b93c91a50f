"""The Python module that a service imports to expose the metrics of its spec."""
