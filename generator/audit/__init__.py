"""What a running service really exposes, held against its spec."""
