"""Runs the whole of it on one machine, below one folder: what systemd, compose or an orchestrator do elsewhere."""
