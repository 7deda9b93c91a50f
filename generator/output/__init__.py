"""Writing artifacts to files: staging, atomic replacement, the manifest."""
