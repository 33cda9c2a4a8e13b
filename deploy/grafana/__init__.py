"""Grafana dashboards, written in Python as tables of figures; the JSON beside them is what Grafana loads."""
