"""A seeded, believable fleet of agents: the raw history of a service's metrics, and what really happened."""
