"""Composing PromQL: expressions as values, one quoter, a parser for all output."""
