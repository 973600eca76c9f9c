"""A kernel for nbval that shows what Jupyter would show when the notebook has run."""

from collections import deque
from copy import deepcopy
from itertools import groupby
from queue import Empty

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbval.kernel import RunningKernel
from nbval.plugin import coalesce_streams


def joined(outputs):
    """Return outputs in which what was printed in one go is one stream, as Jupyter stores it."""
    groups = [list(group) for _, group in groupby(outputs, lambda output: output.output_type == "stream")]
    return [output for group in groups for output in (coalesce_streams(group) if "text" in group[0] else group)]


class Kernel(RunningKernel):
    """Collects all messages of a cell and passes on the outputs that are left of them.

    nbclient keeps the account: it replaces what is updated, clears what is cleared, and gives an Output widget what is
    its own.
    """

    now = None  # the number of the cell that runs, among the code cells; None for what nbval runs for itself

    def open(self, notebook, timeout):
        """Begin a notebook; each cell may take so many seconds."""
        self._timeout = timeout
        self._client = NotebookClient(deepcopy(notebook), record_timing=False)
        self._client.kc = self.kc
        self._places = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._sent = {}
        self._finished = set()
        self._messages = deque()
        for cell in self._cells():
            cell.outputs, cell.execution_count = [], None

    def _cells(self):
        return [self._client.nb.cells[place] for place in self._places]

    def begin(self, number, later):
        """Say which cell nbval is about to run; ``later()`` gives (number, source) of those it will run after that."""
        self.now, self._later = number, later
        self._messages.clear()

    def end(self):
        """Say that nbval is done with the cell."""
        self.now = None

    def shown(self, number):
        """Return a cell's outputs as Jupyter would store them."""
        return joined(deepcopy(self._cells()[number].outputs))

    def executed(self):
        """Return the whole notebook, with the outputs of the cells that ran."""
        return self._client.nb

    def execute_cell_input(self, cell_input, allow_stdin=None):
        """Run a cell as Jupyter does, which heeds a semicolon at its end; nbval's own way does not."""
        if self.now is None:
            return super().execute_cell_input(cell_input, allow_stdin)
        if self.now not in self._sent:
            how = {"store_history": True, "allow_stdin": allow_stdin, "stop_on_error": False}
            self._sent[self.now] = self.kc.execute(cell_input, **how)
        return self._sent[self.now]

    def await_reply(self, msg_id, timeout=None):
        if self.now is None or msg_id not in self._finished:
            super().await_reply(msg_id, timeout=timeout)

    def get_message(self, stream, timeout=None):
        if stream != "iopub" or self.now is None:
            return super().get_message(stream, timeout=timeout)
        if not self._messages:
            self._messages.extend(self._until_idle(timeout))
        return self._messages.popleft()

    def _until_idle(self, timeout):
        """Return the messages that make nbval see the outputs of this cell, and none that is taken back."""
        if self._sent[self.now] not in self._finished and self._collect(self.now, timeout):
            self._run_later_cells(timeout)
        header = {"msg_id": self._sent[self.now]}
        for output in self._cells()[self.now].outputs:
            yield {"msg_type": output.output_type, "parent_header": header, "content": deepcopy(output)}
        yield {"msg_type": "status", "parent_header": header, "content": {"execution_state": "idle"}}

    def _collect(self, number, timeout):
        """Take in a cell's messages to the last; return whether later cells may change what it shows."""
        named = False
        self._client.clear_before_next_output = False
        while True:
            message = super().get_message("iopub", timeout=timeout)
            if message["parent_header"].get("msg_id") != self._sent[number]:
                continue
            transient = message["content"].get("transient") or {}
            named |= "display_id" in transient and message["msg_type"] != "update_display_data"
            try:
                self._client.process_message(message, self._cells()[number], self._places[number])
            except CellExecutionComplete:
                self._finished.add(self._sent[number])
                return named

    def _run_later_cells(self, timeout):
        running = self.now
        try:
            for number, source in self._later():
                self.now = number
                super().await_reply(self.execute_cell_input(source, allow_stdin=False), timeout=self._timeout)
                self._collect(number, timeout)
        except Empty:
            pass  # nbval will ask for that cell itself, and say that it takes too long
        finally:
            self.now = running
