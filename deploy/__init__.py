"""What runs around the project: Prometheus and its rules, Alertmanager, dashboards. No process of ours imports it."""
