"""Signals: the records of each kind, of all services at once or of one service's own."""
