"""The Python module that a service imports to expose what its spec declares."""
