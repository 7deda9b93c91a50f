"""The same rules and dashboards in the forms that clusters, rulers and Terraform take: wrapped, never rewritten."""
