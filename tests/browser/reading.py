"""What keeps people from reading a page: what axe-core finds, what is too wide, and what does not show."""

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Colours are looked at on one text of each kind, since to look at all takes minutes.
COLOURS = """() => {
    const kinds = {};
    for (const element of document.querySelectorAll("body *")) {
        const texts = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
        if (texts.length && element.checkVisibility()) {
            const look = (node, ...names) => names.map((name) => getComputedStyle(node)[name]).join();
            let behind = element;
            while (behind.parentElement && look(behind, "backgroundColor") === "rgba(0, 0, 0, 0)") {
                behind = behind.parentElement;
            }
            kinds[look(element, "color", "fontSize", "fontWeight") + look(behind, "backgroundColor")] ??= element;
        }
    }
    const options = { preload: false, resultTypes: ["violations"], runOnly: ["color-contrast"] };
    return axe.run({ include: Object.values(kinds) }, options);
}"""
REST = """() => axe.run({
    preload: false, resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } },
})"""


def obstacles(tab, *looks):
    """Return what a page puts in a reader's way, by looks such as those above and without them."""
    if looks:
        tab.evaluate(AXE)
    found = [tab.evaluate(look) for look in looks]
    rules = [(rule["id"], rule["nodes"][0]["html"]) for result in found for rule in result["violations"]]
    if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        rules.append("wider than the screen")
    if tab.locator("img").evaluate_all("images => images.some(image => !image.naturalWidth)"):
        rules.append("a picture is missing")
    return rules
