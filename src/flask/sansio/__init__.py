"""Registration, whatever the protocol: apps and blueprints collect rules, hooks, handlers; no request is served."""
