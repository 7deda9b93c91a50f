"""Checks: policies over the model and its compiled rules. ``all`` lists them; each is called after its code."""
