import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

const root = packageRoot();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-kernel-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function kernel(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "src/setup/install-kernel.mjs"), ...args],
    {
      encoding: "utf8",
      env: { ...process.env, JUPYTER_DATA_DIR: folder },
    },
  );
  return { code: status, out: stdout, err: stderr };
}
const specOf = (name: string) =>
  JSON.parse(readFileSync(join(folder, "kernels", name, "kernel.json"), "utf8")) as {
    argv: string[];
    display_name: string;
    language: string;
  };

/** A Python that has Jupyter's client and can run a notebook; undefined where there is none. */
const python = [process.env["MAST_NOTEBOOK_PYTHON"], join(root, ".venv/bin/python")].find(
  (path) => path && spawnSync(path, ["-c", "import nbclient, jupyter_client"]).status === 0,
);
if (python === undefined) console.log("skipped: a notebook with the installed kernel (there is no Jupyter)");

describe("npm run kernel", () => {
  it("installs the kernel that the notebooks ask for, and removes it", () => {
    expect(kernel()).toMatchObject({ code: 0, err: "" });
    const { argv, display_name, language } = specOf("tslab");
    expect([display_name, language]).toEqual(["TypeScript (mast-lab)", "typescript"]);
    expect(argv[0]).toBe(process.execPath);
    expect(existsSync(argv[1])).toBe(true);
    const { metadata } = JSON.parse(readFileSync(join(root, "notebooks/00-quickstart.ipynb"), "utf8")) as {
      metadata: { kernelspec: { name: string } };
    };
    expect(metadata.kernelspec.name).toBe("tslab");
    // Again is no fault: the folder may have moved.
    expect(kernel().code).toBe(0);
    expect(kernel("--remove")).toMatchObject({ code: 0, err: "" });
    expect(existsSync(join(folder, "kernels/tslab"))).toBe(false);
    expect(kernel("--remove")).toMatchObject({ code: 0, err: "" });
  });

  it("leaves another kernel of that name alone, and says what to do", () => {
    mkdirSync(join(folder, "kernels/tslab"), { recursive: true });
    writeFileSync(join(folder, "kernels/tslab/kernel.json"), '{ "argv": ["tslab"] }');
    const { code, err } = kernel();
    expect(code).toBe(1);
    expect(err).toMatch(/^.*did not install.*npm run kernel -- --name mast-lab\n$/);
    expect(kernel("--remove").code).toBe(1);
    expect(specOf("tslab")).toEqual({ argv: ["tslab"] });
    expect(kernel("--name", "mast-lab").code).toBe(0);
    expect(specOf("mast-lab").language).toBe("typescript");
  });

  it.each([
    [["--name", "a/b"], /cannot be called "a\/b"/],
    [["--nme"], /Unknown option '--nme'/],
  ])("refuses %j in a line", (args, message) => {
    const { code, err } = kernel(...args);
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toMatch(message);
  });

  it.skipIf(python === undefined)("is found by a plain Jupyter, which runs a notebook of the project with it", () => {
    expect(kernel().code).toBe(0);
    const notebook = join(folder, "small.ipynb");
    const cell = (source: string) => ({ cell_type: "code", execution_count: null, metadata: {}, outputs: [], source });
    writeFileSync(
      notebook,
      JSON.stringify({
        cells: [cell('import { environmentNames } from "mast-lab";'), cell("console.log(environmentNames[0])")],
        metadata: { kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } },
        nbformat: 4,
        nbformat_minor: 5,
      }),
    );
    const program = `
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, kernel_name="tslab", resources={"metadata": {"path": sys.argv[2]}}).execute()
print(notebook.cells[1].outputs[0].text)`;
    const { JUPYTER_PATH: _, ...environment } = process.env;
    const { status, stdout, stderr } = spawnSync(python!, ["-c", program, notebook, join(root, "notebooks")], {
      encoding: "utf8",
      env: { ...environment, JUPYTER_DATA_DIR: folder },
    });
    expect(status, stderr).toBe(0);
    expect(stdout.trim()).toBe("3m");
  });
});
