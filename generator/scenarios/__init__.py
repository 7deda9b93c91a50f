"""Scenarios: the traffic of a service over time, and the times at which an alert fires; test cases are made of them."""
