"""Executes one notebook with its own kernel: execute_notebook.py SOURCE TARGET FOLDER

Prints the number of each cell as it starts. When a cell fails, its error goes to standard error, the exit status is 1 and
TARGET is not written. TypeScript's own errors come as text of the cell, not as Jupyter errors, so the cell's text is printed.
"""

import os
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

source, target, folder = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
running = 0
started = False


def on_cell_start(cell, cell_index):
    global running, started
    running, started = cell_index, True
    if cell.cell_type == "code" and sys.stderr.isatty():
        print(f"  cell {code_cells.index(cell_index) + 1} of {len(code_cells)}", end="\r", file=sys.stderr, flush=True)


def execute():
    """Executes the notebook with a kernel of its own, which has three minutes to answer."""
    NotebookClient(
        notebook,
        timeout=None,
        startup_timeout=180,
        resources={"metadata": {"path": folder}},
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=on_cell_start,
    ).execute()


# A kernel does not start when another program takes one of the ports that Jupyter has just chosen for it.
STARTS = 3
try:
    for start in range(1, STARTS + 1):
        try:
            execute()
            break
        except RuntimeError as error:
            if started or start == STARTS or isinstance(error, (CellExecutionError, DeadKernelError)):
                raise
except (CellExecutionError, DeadKernelError) as error:
    cell = notebook.cells[running]
    print(f"{os.path.basename(source)}: cell {code_cells.index(running) + 1} of {len(code_cells)} failed:", file=sys.stderr)
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            print(output.text.rstrip(), file=sys.stderr)
        elif output.output_type == "error":
            print("\n".join(output.traceback) or f"{output.ename}: {output.evalue}", file=sys.stderr)
    if isinstance(error, DeadKernelError):
        print("the kernel died", file=sys.stderr)
    sys.exit(1)
except RuntimeError as error:
    if started:
        raise
    print(f"{os.path.basename(source)}: the kernel did not start in {STARTS} attempts: {error}", file=sys.stderr)
    sys.exit(1)

os.makedirs(os.path.dirname(target), exist_ok=True)
temporary = f"{target}.tmp"
nbformat.write(notebook, temporary)
os.replace(temporary, target)
