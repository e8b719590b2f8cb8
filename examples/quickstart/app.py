"""The door that ``flask run`` finds by itself in this folder; nothing else may happen here."""

from postcards import create_app

app = create_app()
