"""The public door: every name an application imports, and nothing that is only ours."""
