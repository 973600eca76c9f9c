"""One page, of one file, on which every picture that differs can be looked at."""

import base64
import mimetypes
from html import escape

from nbval_pictures import evidence

HEAD = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Pictures that differ</title>
<style>
body { font: 16px/1.5 sans-serif; margin: 2em auto; max-width: 110em; padding: 0 1em; color: #111; background: #fff }
pre { overflow: auto; padding: .5em; background: #f2f2f2 }
.sides { display: flex; flex-wrap: wrap; gap: 1em }
figure { margin: 0; max-width: 100% }
img { max-width: 100%; border: 1px solid #777 }
img { background: repeating-conic-gradient(#ddd 0 25%, #fff 0 50%) 0/16px 16px }
.stack { display: inline-grid; max-width: 100% }
.stack img { grid-area: 1/1 }
input[type=range] { width: min(30em, 100%) }
</style>
"""

# The slider uncovers the picture drawn, from the left; the box shows the two in turn.
SCRIPT = """<script>
for (const pair of document.querySelectorAll(".pair")) {
  const [slider, box] = pair.querySelectorAll("input"), drawn = pair.querySelector(".stack img + img")
  const show = share => { drawn.style.clipPath = `inset(0 ${100 - share}% 0 0)` }
  let timer, is_drawn
  slider.oninput = () => show(slider.value)
  box.onchange = () => {
    clearInterval(timer)
    if (box.checked) timer = setInterval(() => show((is_drawn = !is_drawn) ? 100 : 0), 600)
    else show(slider.value)
  }
  show(slider.value)
}
</script>
"""

PAIR = """<div class="pair">
<div class="stack">{stored}{drawn}</div><br>
<label>stored <input type="range" value="50"> drawn</label>
<label><input type="checkbox"> blink</label>
</div>
"""


def write(folder):
    """Write the page for all that is kept in a folder; return its path."""
    records = list(evidence.records(folder))
    count = sum(len(record["pictures"]) for _, record in records)
    title = f"<h1>{count} picture{'s' * (count != 1)} that differ{'s' * (count == 1)}</h1>\n"
    page = folder / evidence.PAGE
    page.write_text(HEAD + title + "".join(_cell(*found) for found in records) + SCRIPT, encoding="utf-8")
    return page


def _cell(place, record):
    text = f"<p>Its text differs too:</p><pre>{escape(record['text'])}</pre>\n" if record["text"] else ""
    pictures = "".join(_picture(place, record["nodeid"], picture) for picture in record["pictures"])
    return f"<h2>{escape(record['nodeid'])}</h2>\n<pre>{escape(record['source'])}</pre>\n{text}{pictures}"


def _picture(place, nodeid, picture):
    sides = [(side, picture[side]) for side in ("stored", "drawn", "difference") if picture.get(side)]
    shown = {side: _embedded(place / name, f"{side}: picture {picture['number']} of {nodeid}") for side, name in sides}
    figures = "".join(f"<figure><figcaption>{side}</figcaption>{img}</figure>\n" for side, img in shown.items())
    pair = PAIR.format(**shown) if {"stored", "drawn"} <= set(shown) else ""
    heading = f"<h3>Picture {picture['number']}: {escape(picture['said'])}</h3>"
    return f'{heading}\n<div class="sides">{figures}</div>\n{pair}'


def _embedded(file, alt):
    mime = mimetypes.guess_type(file.name)[0] or f"image/{file.suffix[1:]}"
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<img alt="{escape(alt)}" src="data:{mime};base64,{data}">'
