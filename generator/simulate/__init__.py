"""A seeded, realistic fleet of agents: the raw history of a service's metrics, and the incidents in it."""
