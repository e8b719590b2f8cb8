"""The life of a request, for any protocol: lifecycle, results, errors.

Nothing here knows WSGI, ASGI, RSGI, click or Jinja.
"""
