"""nbval's notebooks and cells, which compare pictures too."""

import functools
import os
from itertools import zip_longest
from unittest import mock

import pytest
from nbformat import NotebookNode
from nbval.kernel import start_new_kernel
from nbval.plugin import IPyNbCell, IPyNbFile

from nbval_pictures import accept, evidence, images, settings
from nbval_pictures.bars import without_bars
from nbval_pictures.kernel import Kernel

SKIP, TOLERANCE = "pictures-skip", "pictures-tolerance="  # tags of a cell
SAID = pytest.StashKey()


class Notebook(IPyNbFile):
    """A notebook whose kernel shows what Jupyter would."""

    failed = False

    def collect(self):
        self.bytes = self.path.read_bytes()
        for cell in super().collect():
            yield Cell.from_parent(self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options)

    @property
    def settings(self):
        return self.config.stash[settings.KEY]

    def setup(self):
        start = functools.partial(start_new_kernel, env={**os.environ, **self.settings.environment()})
        with mock.patch("nbval.kernel.start_new_kernel", start), mock.patch("nbval.plugin.RunningKernel", Kernel):
            super().setup()
        self.kernel.open(self.nb, self.config.option.nbval_cell_timeout)

    def accept(self, cell):
        """Store what a cell shows now; return why not, or None."""
        place = [i for i, other in enumerate(self.nb.cells) if other.cell_type == "code"][cell.cell_num]
        outputs = without_bars(self.kernel.shown(cell.cell_num))
        for i, stored in enumerate(cell.cell.outputs):
            if not without_bars([stored]):
                outputs.insert(i, stored)
        try:
            after = accept.with_outputs(self.bytes, {place: outputs}, is_same=cell.is_same)
            accept.replace_file(self.path, self.bytes, after)
            self.bytes = after
        except (OSError, ValueError) as error:
            return f"Not accepted: {error}"

    def warn_once(self, message):
        """Warn, but not again in this process."""
        said = self.config.stash.setdefault(SAID, set())
        if message not in said:
            said.add(message)
            self.warn(pytest.PytestWarning(message))

    def teardown(self):
        if self.failed and self.kernel is not None:
            evidence.keep_notebook(self.settings.output, self.nodeid, self.kernel.executed())
        super().teardown()


def ours(collector):
    """Return our collector in the place of nbval's, and any other as it is."""
    return Notebook.from_parent(collector.parent, path=collector.path) if type(collector) is IPyNbFile else collector


class Cell(IPyNbCell):
    """A cell that fails, too, where a picture is not the one stored."""

    def runtest(self):
        self.parent.kernel.begin(self.cell_num, self._later)
        try:
            super().runtest()
        finally:
            self.parent.kernel.end()

    def _later(self):
        items = [item for item in self.session.items if item.parent is self.parent and item.cell_num > self.cell_num]
        return [(item.cell_num, item.cell.source) for item in items if not item.options["skip"]]

    def raise_cell_error(self, message, *args, **kwargs):
        self.parent.failed = True
        super().raise_cell_error(message, *args, **kwargs)

    def compare_outputs(self, test, ref, skip_compare=None):
        differing = self._differing_pictures(ref, test)
        if self._says_the_same(test, ref, skip_compare) and not differing:
            return True
        text = list(self.comparison_traceback)
        if self.parent.settings.accept:
            refusal = self.parent.accept(self)
            if not refusal:
                self.user_properties.append((settings.ACCEPTED, self.nodeid))
                return True
            self.comparison_traceback = [*text, refusal]
        self.comparison_traceback += [f"Picture {number} differs: {said}" for number, said, *_ in differing]
        if differing:
            self.user_properties.append((settings.DIFFERING, len(differing)))
            self.comparison_traceback.append(evidence.keep_cell(self.parent.settings.output, self, differing, text))
        return False

    def is_same(self, old, new):
        """Return whether one output may stand for another."""
        return not self._differing_pictures([old], [new]) and self._says_the_same([new], [old])

    def _says_the_same(self, test, ref, skip_compare=None):
        drawn, stored = ([self._without_pictures(output) for output in without_bars(side)] for side in (test, ref))
        return super().compare_outputs(drawn, stored, skip_compare)

    def _differing_pictures(self, ref, test):
        """Return (number, what to say, stored, drawn, difference) of each picture that is not the one stored."""
        tags = self.cell.metadata.get("tags", [])
        if SKIP in tags:
            return []
        pairs = zip_longest(self._pictures(ref), self._pictures(test))
        compared = [(i, *images.compare(*pair, self._tolerance(tags)), *pair) for i, pair in enumerate(pairs)]
        return [(i, said, *pair, difference) for i, said, difference, *pair in compared if said]

    def _tolerance(self, tags):
        for tag in tags:
            if tag.startswith(TOLERANCE):
                try:
                    return settings.tolerance(tag[len(TOLERANCE) :])
                except ValueError as error:
                    self.raise_cell_error(f"The cell's tag {tag!r}: {error}")
        return self.parent.settings.tolerance

    def _pictures(self, outputs):
        data = [item for output in outputs for item in sorted(output.get("data", {}).items()) if self._sees(*item)]
        kinds = [images.kind_of(mime) for mime, _ in data]
        return [(kind, images.content_of(kind, value)) for kind, (_, value) in zip(kinds, data)]

    def _without_pictures(self, output):
        if "data" not in output:
            return output
        kept = {mime: value for mime, value in output.data.items() if not self._sees(mime, value)}
        return NotebookNode(output, data=NotebookNode(kept))

    def _sees(self, mime, value):
        kind = images.kind_of(mime)
        if kind not in self.parent.settings.kinds:
            return False
        library = images.library_for(kind)
        if library:
            self.parent.warn_once(f"Without {library}, {kind.upper()} is compared as text: pip install {library}")
        return not library and not (kind == "svg" and images.UNDRAWN.search(value))
