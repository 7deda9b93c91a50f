"""A first spec from the wire: which profile reads what is there, with which bounds, and whether its boards fill."""
