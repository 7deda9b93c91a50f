"""Checks: policies over the model and its compiled rules. ``all`` lists them; each is named after its code."""
