"""Reports for people and machines: how many series the specs allow, and what the checklist says."""
