"""What `flask check` makes of an application's own source: Python by `ast`, templates by Jinja's parser.

Sources are read and never run. What cannot be told for sure is not told: a check that cries wolf is soon switched off.
"""
