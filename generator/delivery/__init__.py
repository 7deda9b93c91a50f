"""The same rules and dashboards in the forms for clusters, rulers and Terraform: wrapped, never rewritten."""
