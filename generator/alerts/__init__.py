"""Alerting rules: conditions on recorded signals, with sentences for people."""
