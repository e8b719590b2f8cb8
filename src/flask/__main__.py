"""`python -m flask`: the same as the `flask` command, and nothing more."""

from .cli import main

main()
