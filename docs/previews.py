"""What a page tells those who show a preview of a link to it: a title, an address, a picture.

Addresses have to be absolute, so only ``html_baseurl`` can tell them: it says where the pages will stand.
"""

from html import escape, unescape
from urllib.parse import urljoin

PICTURE = "_images/gallery.png"  # the front page's


def describe(app, pagename, templatename, context, doctree):
    properties = {"og:title": unescape(context.get("title", "")), "og:site_name": app.config.html_title}
    if context.get("pageurl"):
        base = app.config.html_baseurl.rstrip("/") + "/"
        properties.update({"og:url": context["pageurl"], "og:image": urljoin(base, PICTURE)})
    said = context.get("metatags", "")  # by the page itself
    new = {name: content for name, content in properties.items() if f'"{name}"' not in said}
    tags = [f'<meta property="{name}" content="{escape(content)}">' for name, content in new.items()]
    context["metatags"] = "\n".join([said, *tags])


def setup(app):
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
