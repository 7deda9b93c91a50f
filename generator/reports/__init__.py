"""Reports for people and machines: the number of series that the specs allow, and the checklist."""
