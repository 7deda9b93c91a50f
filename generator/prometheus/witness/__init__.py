"""Witnesses: for every alert the raw input that makes it true, and the input that must not.

They are written from what an alert means, never from its expression, so that a wrong expression is found.
"""
