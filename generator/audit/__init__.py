"""The series that a running service really exposes, compared with its spec."""
