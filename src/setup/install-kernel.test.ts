import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { packageRoot } from "../node/project.js";
import { answers, freePort } from "./server-fixtures.js";

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
const notebook7 =
  python !== undefined &&
  findBrowser() !== undefined &&
  spawnSync(python, ["-c", "import sys, notebook; sys.exit(int(notebook.__version__.split('.')[0]) != 7)"]).status ===
    0;
if (!notebook7)
  console.log("skipped: Notebook 7 with the installed kernel (it is not in .venv, or there is no browser)");
afterAll(closeBrowser);

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
    // Installing again is no fault, because the folder may have moved.
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

  // If Notebook 7 is installed, the next test shows the same and more.
  it.skipIf(python === undefined || notebook7)(
    "is found by a plain Jupyter, which runs a notebook of the project with it",
    () => {
      expect(kernel().code).toBe(0);
      const notebook = join(folder, "small.ipynb");
      writeFileSync(
        notebook,
        notebookOf(['import { environmentNames } from "mast-lab";', "console.log(environmentNames[0])"]),
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
    },
  );

  it.skipIf(!notebook7)("is found by Notebook 7, in whose page cells run and a figure is shown", async () => {
    expect(kernel().code).toBe(0);
    // The folder lies outside of the project, and beside its packages.
    const place = join(folder, "elsewhere");
    mkdirSync(place);
    symlinkSync(join(root, "node_modules"), join(place, "node_modules"), "junction");
    const cells = [
      'import { environmentNames, showFigure, trainingCurves } from "mast-lab";\nconsole.log(environmentNames[0]);',
      'await showFigure(trainingCurves([{ label: "MAST", steps: [0, 1], values: [0, 1] }], { title: "A figure" }));',
    ];
    writeFileSync(join(place, "small.ipynb"), notebookOf(cells));
    const port = await freePort();
    const { JUPYTER_PATH: _, ...environment } = process.env;
    const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
    const server = spawn(
      python!,
      ["-m", "notebook", "--no-browser", `--port=${port}`, "--ServerApp.token=secret", ...asRoot],
      { cwd: place, env: { ...environment, JUPYTER_DATA_DIR: folder }, stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    server.stderr.on("data", (data: Buffer) => (log += data.toString()));
    try {
      await answers("Notebook 7", `http://localhost:${port}/api?token=secret`, server, () => log);
      const seen = await withPage((page) =>
        runCells(page, `http://localhost:${port}/notebooks/small.ipynb?token=secret`),
      );
      expect(seen).toEqual({
        kernel: "TypeScript (mast-lab)",
        text: "3m",
        wide: true,
      });
    } finally {
      server.kill("SIGTERM");
      await new Promise((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve(undefined)));
    }
  });
});

/** Opens a notebook in Notebook 7, runs all of its cells, and reports what is seen. */
async function runCells(page: Page, url: string) {
  await page.goto(url);
  const name = page.locator(".jp-Toolbar-kernelName");
  await name.getByText("TypeScript").waitFor({ timeout: 60_000 });
  await page.getByRole("menuitem", { name: "Run", exact: true }).click();
  await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
  const picture = page.locator(".jp-OutputArea-output img");
  await picture.waitFor({ timeout: 90_000 });
  return {
    kernel: (await name.textContent())!.trim(),
    text: (await page.locator(".jp-OutputArea-output pre").first().textContent())!.trim(),
    wide: (await picture.boundingBox())!.width > 400,
  };
}

/** A notebook for the kernel that `npm run kernel` installs. */
function notebookOf(cells: readonly string[]): string {
  return JSON.stringify({
    cells: cells.map((source, i) => ({
      cell_type: "code",
      id: `cell-${i}`,
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: { kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}
