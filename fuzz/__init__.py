"""Random input against laws that hold for every input, for as long as one likes: `python -m fuzz --help`.

A target is a module of `fuzz.targets`: what it draws (`inputs`), and the law (`law`), whose docstring's first line says
what has to hold. Nothing here knows how the package does what it does, and no finding is ever left out of a run: what
is found is mended, and stays as a test in `tests/security/test_fuzzing.py`.
"""
