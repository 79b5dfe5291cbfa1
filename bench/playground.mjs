// Compares the speed of the playground with that of Node.js on the same machine, by the processor seconds of the thread
// that trains: other work on the machine does not count. Linux only, where the system tells the time of a thread.
//   node bench/playground.mjs [STEPS] [MAP]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { buildPlayground } from "../site/playground/build.mjs";

const steps = Number(process.argv[2] ?? 20_000);
const map = process.argv[3] ?? "3m";
// The settings of the classroom profile.
const [level, updates] = map === "3m" ? [0.95, 1] : [0.9, 2];
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-playground-bench-"));

/** Processor seconds of the threads of a process whose name begins so. */
function threadSeconds(pid, name) {
  const ticks = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    const called = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [user, system] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return called.startsWith(name) ? Number(user) + Number(system) : 0;
  });
  return ticks.reduce((sum, count) => sum + count, 0) / 100;
}

/** Processor seconds that a page's worker trains. */
async function inPage(path) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(
      `${pathToFileURL(path).href}#environment=${map}&method=mast&sparsity.level=${level}&updates=${updates}&steps=${steps}&seed=1`,
    );
    const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
    const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    await page.click("#train");
    await page.waitForSelector("#stage[data-state=over]", { timeout: 0 });
    return renderers.reduce((sum, pid) => sum + threadSeconds(pid, "DedicatedWorker"), 0);
  } finally {
    await browser.close();
  }
}

/** Processor seconds of the thread that trains the same in Node.js. */
function inNode(kernels) {
  const runs = join(folder, kernels);
  const args = [
    "dist/cli.js",
    "train",
    "--short",
    "--environment",
    map,
    "--method",
    "mast",
    "--sparsity",
    level,
    "--set",
    `updates=${updates}`,
    "--steps",
    steps,
    "--seed",
    1,
  ];
  const made = spawnSync(process.execPath, [...args.map(String), "--set", "log.interval=1000", "--runs", runs], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, MAST_KERNELS: kernels },
  });
  if (made.status !== 0) throw new Error(made.stderr);
  const [run] = readdirSync(runs);
  return JSON.parse(readFileSync(join(runs, run, "summary.json"), "utf8")).processorSeconds;
}

try {
  const path = join(folder, "index.html");
  writeFileSync(path, await buildPlayground());
  const page = await inPage(path);
  const [wasm, native] = [inNode("wasm"), inNode("native")];
  console.log(
    `${map}, MAST at ${100 * level} %, ${steps.toLocaleString("en")} steps, processor seconds of the training thread`,
  );
  console.log(`  page in Chromium           ${page.toFixed(1)} s`);
  console.log(`  Node.js, WebAssembly       ${wasm.toFixed(1)} s   page / Node.js ${(page / wasm).toFixed(2)}`);
  console.log(`  Node.js, native kernels    ${native.toFixed(1)} s   page / Node.js ${(page / native).toFixed(2)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
