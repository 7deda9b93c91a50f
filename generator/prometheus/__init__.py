"""The Prometheus back end: the model becomes recording and alerting rules."""
