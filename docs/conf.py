"""The pages that ``make html`` builds. No notebook is executed, and a reader's browser fetches nothing."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Activation functions, shown and checked"
html_title = "Activation functions"
language = "en"
extensions = [
    "myst_nb",  # notebooks and Markdown become pages
    "sphinx.ext.autodoc",  # the reference, from the docstrings
    "sphinx.ext.napoleon",  # which are written as numpydoc asks
    "sphinx_copybutton",
    "sphinx_codeautolink",  # from the code of notebooks to the reference
    "notebooks",
    "mathematics",
    "previews",
]
include_patterns = ["index.md", "CONTRIBUTING.md", "docs/*.md", "notebooks/**.ipynb"]
exclude_patterns = [".*", "build", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_merge_streams = True  # a table may come row by row
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
highlight_language = "none"  # what names no language is no code
codeautolink_concat_default = True  # names are imported in a notebook's first cell
codeautolink_custom_blocks = {"ipython3": "sphinx_codeautolink.clean_ipython"}
suppress_warnings = [
    "codeautolink.match_block",  # an example with a doctest option, which is not shown
    "config.cache",  # the same package keeps a function in its settings
]
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
default_role = "py:obj"  # what stands between single backquotes, a link where there is something to link to
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings have them, with shapes

html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["pages.css", "mathematics.css"]
html_js_files = ["pages.js"]
html_favicon = "static/favicon.svg"
templates_path = ["templates"]
html_copy_source = False
html_show_copyright = False
