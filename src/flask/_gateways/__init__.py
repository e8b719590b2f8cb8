"""From a server's protocol to a context and back to bytes.

A gateway knows one entry of the framework, the lifecycle; none decides what a request does.
"""
