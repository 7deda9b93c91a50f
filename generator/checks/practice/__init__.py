"""The common mistakes of agent metrics, each a check; all are warnings."""
