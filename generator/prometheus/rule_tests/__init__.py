"""Unit tests of the rules, for promtool: of every shared alert once, of each service its raw pass and constants.

Test cases are written from the meaning of an alert, never from its expression, so that a wrong expression is found.
"""
