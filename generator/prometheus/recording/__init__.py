"""Recording rules: one raw pass a metric, everything else from recorded sums."""
