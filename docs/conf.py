"""How the documentation is built; nothing here may need the network."""

from importlib.metadata import version as version_of

project = "Dewar"
author = "The Dewar authors"
project_copyright = "2026, The Dewar authors"
release = version_of("flask")
version = release.partition("+")[0]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "figures/*.md"]  # the latter are included by pages, not pages themselves
html_theme = "furo"
html_title = f"Dewar {release}"
html_static_path = ["_static"]
html_css_files = ["narrow.css"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signatures show them once; a second list below each would say it again
autodoc_preserve_defaults = True
