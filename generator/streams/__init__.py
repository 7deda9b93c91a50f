"""Streams: how exposed series become the product's canonical ones, once a rule interval."""
