"""Runbooks: a Markdown page for each alert, for the person it wakes."""
