import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { answers, freePort } from "./server-fixtures.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { findJupyter, jupyterEnvironment } = (await import(new URL("./jupyter.mjs", import.meta.url).href)) as {
  findJupyter(): string | undefined;
  jupyterEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
};

const python = findJupyter();
const built = existsSync(join(root, "dist/index.js"));
const browser = findBrowser();
if (python === undefined) console.warn("skipped: notebooks (no JupyterLab; `npm run lab` installs it)");
else if (!built) console.warn("skipped: notebooks (dist/ is missing; `npm run build` makes it)");
else if (browser === undefined)
  console.warn("skipped: JupyterLab in a browser (no Chrome, Chromium or Edge; set CHROME_PATH to one)");

const folder = mkdtempSync(join(tmpdir(), "mast-lab-"));
// One run store for all of them: what the first trains, the others find.
const environment = { ...process.env, MAST_PROFILE: "smoke", MAST_RUNS: join(folder, "runs") };
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(python === undefined || !built || browser === undefined)("npm run lab", () => {
  it(
    "opens 00-quickstart in JupyterLab, where all cells run and the plots are drawn",
    { timeout: 360_000 },
    async () => {
      const committed = readFileSync(join(root, "notebooks/00-quickstart.ipynb"), "utf8");
      const port = await freePort();
      const lab = spawn(
        process.execPath,
        ["src/setup/lab.mjs", "--no-browser", "--port", String(port), "--ServerApp.token=secret"],
        {
          cwd: root,
          env: { ...environment, JUPYTERLAB_WORKSPACES_DIR: folder },
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      let log = "";
      lab.stderr.on("data", (data: Buffer) => (log += data.toString()));
      try {
        await answers("JupyterLab", `http://localhost:${port}/api?token=secret`, lab, () => log);
        const seen = await withPage((page) => runAllCells(page, `http://localhost:${port}/?token=secret`));
        expect(seen.problems).toEqual([]);
        expect(
          seen.prompts.every((prompt) => /^\[\d+\]:$/.test(prompt)),
          seen.prompts.join(),
        ).toBe(true);
        expect(seen.legend).toEqual(["Dense", "RigL", "MAST"]);
        // A line and its points for each of the three, drawn as the last state of the live curve.
        expect(seen.lines).toBe(6);
        expect(seen.longest).toBeGreaterThan(1);
        expect(seen.masks).toBeGreaterThanOrEqual(2);
        expect(seen.table).toContain("MAST");
        expect(seen.progress).toBe(3);
        expect(seen.replay).toBe(true);
      } finally {
        await stop(lab);
      }
      expect(readFileSync(join(root, "notebooks/00-quickstart.ipynb"), "utf8")).toBe(committed);
    },
  );
});

describe.skipIf(python === undefined || !built)("npm run notebooks", () => {
  // All notebooks together take some eight minutes on two cores; beside other tests they may take longer.
  it(
    "executes every notebook in the smoke profile, and leaves what is committed as it is",
    { timeout: 720_000 },
    () => {
      const names = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));
      const contents = () => names.map((name) => readFileSync(join(root, "notebooks", name), "utf8"));
      const changes = () =>
        spawnSync("git", ["status", "--porcelain", "notebooks", "figures", "data"], { cwd: root, encoding: "utf8" })
          .stdout;
      const before = { notebooks: contents(), files: changes() };
      // A browser that draws PNGs takes a third of the time of a notebook, so that only the first has one. What draws
      // them is tested on its own, and how large notebooks become with them is seen at those that are committed.
      const [first, ...others] = names;
      for (const { status, stdout, stderr, executed } of [
        { ...notebooks({}, first, "--profile", "smoke"), executed: [first] },
        { ...notebooks({ CHROME_PATH: "none" }, ...others, "--profile", "smoke"), executed: others },
      ]) {
        expect(status, stderr).toBe(0);
        for (const name of executed)
          expect(stdout).toMatch(new RegExp(`^${name}: done in \\d+ s, \\d+ kB, in \\.cache/notebooks/${name}$`, "m"));
        expect(stderr).not.toContain("too much to commit");
      }
      for (const content of before.notebooks) expect(Buffer.byteLength(content)).toBeLessThanOrEqual(400_000);
      expect({ notebooks: contents(), files: changes() }).toEqual(before);
      const { cells } = JSON.parse(readFileSync(join(root, ".cache/notebooks/00-quickstart.ipynb"), "utf8")) as {
        cells: { outputs?: { data?: Record<string, unknown> }[] }[];
      };
      const figures = cells
        .flatMap(({ outputs = [] }) => outputs)
        .filter(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined);
      expect(figures).toHaveLength(3);
      for (const { data } of figures) expect(Object.keys(data!)).toContain("text/plain");
    },
  );

  it("names the notebooks there are, and the profiles", () => {
    expect(notebooks({}, "99-nothing")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no notebook "99-nothing"; there are: 00-quickstart, 01-environment'),
    });
    expect(notebooks({}, "--profile", "large")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--profile is "large"; allowed: smoke, classroom, paper'),
    });
  });

  it.each([
    ["a type error", 'const n: number = "three";', /Type 'string' is not assignable to type 'number'/],
    [
      "an exception, here of a wrong configuration",
      'import { resolveConfig } from "mast-lab"; resolveConfig({ sparsity: { level: 1.2 } });',
      /sparsity\.level is 1\.2; allowed: a number from 0 to 0\.999/,
    ],
  ])("fails on %s in a cell, says what it is, and writes nothing", (_, code, message) => {
    const source = join(folder, "wrong.ipynb"),
      target = join(folder, "out.ipynb");
    const cell = (text: string) => ({
      cell_type: "code",
      id: `c${text.length}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source: text,
    });
    const write = `import json,sys; json.dump(json.loads(sys.argv[1]), open(sys.argv[2], "w"))`;
    const notebook = {
      cells: [cell("const before = 1;"), cell(code)],
      metadata: { kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    spawnSync(python!, ["-c", write, JSON.stringify(notebook), source]);
    const { status, stderr } = spawnSync(
      python!,
      [join(root, "src/setup/execute_notebook.py"), source, target, join(root, "notebooks")],
      { env: jupyterEnvironment(environment), encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toContain("wrong.ipynb: cell 2 of 2 failed:");
    expect(stderr).toMatch(message);
    expect(existsSync(target)).toBe(false);
  });
});

describe.skipIf(python === undefined || !built)("a notebook cell that is interrupted in mid-training", () => {
  it("stops with a checkpoint, and continues there when it is run again", { timeout: 180_000 }, () => {
    const { status, stdout, stderr } = spawnSync(python!, ["-c", INTERRUPT], {
      cwd: join(root, "notebooks"),
      env: jupyterEnvironment({ ...environment, MAST_RUNS: join(folder, "interrupted") }),
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    const said = JSON.parse(stdout.trim().split("\n").at(-1)!) as {
      pressed: number;
      drawn: number;
      interrupted: string;
      stopped: { state: string; step: number; checkpoint: number };
      first: number;
      ended: { state: string; step: number };
    };
    expect(said.interrupted).toBe("error");
    // The last evaluation before the stop button is drawn before the cell is over: they are 100 steps apart, and an
    // episode has up to 60.
    expect(said.drawn).toBeGreaterThan(said.pressed - 200);
    expect(said.stopped.state).toBe("interrupted");
    expect(said.stopped.checkpoint).toBeGreaterThan(0);
    // The first progress of the second time is where the first time ended, not the beginning.
    expect(said.first).toBeGreaterThanOrEqual(said.stopped.checkpoint);
    expect(said.ended.state).toBe("complete");
    expect(said.ended.step).toBeGreaterThanOrEqual(3000);
  });
});

/** Runs cells in a kernel of its own, as JupyterLab does, and presses stop in the middle of the second. */
const INTERRUPT = String.raw`
import atexit, json, re, sys, time
from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="tslab")
manager.start_kernel()
# A kernel that outlives this script would hold its output open, and the test would wait for ever.
atexit.register(lambda: manager.is_alive() and manager.shutdown_kernel(now=True))
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)

# Steps of all evaluations that were drawn before the cell was over.
drawn = []

def run(code, on_progress=None):
    request = client.execute(code)
    text = ""
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            text += content["text"]
        elif kind in ("display_data", "update_display_data") and on_progress:
            for trace in content["data"].get("application/vnd.plotly.v1+json", {}).get("data", []):
                drawn.extend(trace.get("x") or [])
            found = re.search(r"([\d,]+) of [\d,]+ steps", content["data"].get("text/plain", ""))
            if found:
                on_progress(int(found.group(1).replace(",", "")))
        elif kind == "status" and content["execution_state"] == "idle":
            break
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == request:
            return reply["content"]["status"], text

SETUP = """
import { listRuns, readRunCheckpoint, resolveConfig, StoredRun, watchRuns } from "mast-lab";
const configs = [resolveConfig({ environment: "3m", method: "mast", steps: 3000, warmup: 200, evaluation: { interval: 100, episodes: 2 }, log: { interval: 50 } })];
"""
STATE = """
const run = listRuns().find((one): one is StoredRun => one.state !== "damaged")!;
console.log(JSON.stringify({ state: run.state, step: run.step, checkpoint: readRunCheckpoint(run.directory).state.progress.step }));
"""
sent = []
def stop_midway(step):
    if step >= 500 and not sent:
        sent.append(step)
        manager.interrupt_kernel()

status, text = run(SETUP)
assert status == "ok", text
interrupted, text = run("const trained = await watchRuns(configs);", stop_midway)
last_drawn = max(drawn, default=-1)
for _ in range(60):
    time.sleep(0.5)
    status, text = run(STATE)
    if status == "ok" and json.loads(text)["state"] == "interrupted":
        break
stopped = json.loads(text)
steps = []
status, text = run("const trained = await watchRuns(configs);", steps.append)
assert status == "ok", text
status, text = run(STATE)
client.stop_channels()
manager.shutdown_kernel(now=True)
print(json.dumps({"pressed": sent[0], "drawn": last_drawn, "interrupted": interrupted, "stopped": stopped, "first": min(step for step in steps if step > 0), "ended": json.loads(text)}))
`;

function notebooks(variables: NodeJS.ProcessEnv, ...args: string[]) {
  return spawnSync(process.execPath, ["src/setup/notebooks.mjs", ...args], {
    cwd: root,
    env: { ...environment, ...variables },
    encoding: "utf8",
  });
}

/** Opens the page that JupyterLab opens by itself, runs all cells by its menu, and reports what can be seen. */
async function runAllCells(page: Page, url: string) {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  // JupyterLab saves by itself now and then; the committed notebook has to stay. Its first checkpoint (POST) goes
  // elsewhere, and without it a notebook that was never opened before does not get ready.
  await page.route(/\/api\/contents\/notebooks\//, (route) =>
    route.request().method() === "PUT" ? route.abort() : route.continue(),
  );
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.goto(url);
  await page.waitForSelector(".jp-Notebook .jp-CodeCell", { timeout: 120_000 });
  await page.locator("#jp-main-statusbar").getByText("TypeScript | Idle").waitFor({ timeout: 120_000 });
  // The notebook is committed with its outputs: what is seen below has to be new.
  await choose(page, "Edit", "Clear Outputs of All Cells");
  const outputs = page.locator(".jp-OutputArea-output");
  await page.waitForFunction(
    () =>
      (globalThis as unknown as { document: { querySelector(s: string): unknown } }).document.querySelector(
        ".jp-OutputArea-output",
      ) === null,
  );
  await choose(page, "Run", "Run All Cells");
  // The last output of the notebook is the replay; an error comes instead of it.
  const frame = outputs.locator("iframe"),
    errors = page.locator(
      "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']",
    );
  await frame.or(errors).first().waitFor({ state: "attached", timeout: 120_000 });
  if ((await errors.count()) > 0) throw new Error((await errors.allTextContents()).join("\n"));
  // The cell of the replay goes on for a moment after it is shown: it draws a still picture.
  await page.locator(".jp-InputPrompt", { hasText: "[*]:" }).first().waitFor({ state: "detached", timeout: 120_000 });
  const curve = page.locator(".mast-figure").first();
  await curve.scrollIntoViewIfNeeded();
  await curve.locator(".scatterlayer .trace path.js-line").first().waitFor({ state: "attached" });
  await page.waitForFunction(
    () =>
      (
        globalThis as unknown as { document: { querySelectorAll(s: string): ArrayLike<unknown> } }
      ).document.querySelectorAll(".mast-figure .imagelayer image").length >= 2,
  );
  const plots = await curve.evaluate((node) =>
    (node as unknown as { data: { mode: string; x: unknown[] }[] }).data.map(({ mode, x }) => ({
      mode,
      points: x.length,
    })),
  );
  await frame.first().scrollIntoViewIfNeeded();
  const replay = page.frameLocator(".jp-OutputArea-output iframe");
  await replay.locator("#scrubber").fill("1");
  return {
    problems,
    prompts: await page.locator(".jp-CodeCell .jp-InputPrompt").allTextContents(),
    legend: await curve.locator(".legendtext").allTextContents(),
    lines: await curve.locator(".scatterlayer .trace").count(),
    longest: Math.max(...plots.filter(({ mode }) => mode === "lines").map(({ points }) => points)),
    masks: await page.locator(".mast-figure .imagelayer image").count(),
    table: (await page.locator(".jp-OutputArea-output table").allTextContents()).join(" "),
    progress: await page.locator(".jp-OutputArea-output table").first().locator("tr").count(),
    replay: (await replay.locator("#status").textContent())!.startsWith("step 1 of"),
  };
}

async function choose(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole("menuitem", { name: menu, exact: true }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
}
