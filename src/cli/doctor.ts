import "../node/host.js";
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BACKENDS, resolveConfig } from "../config.js";
import { BROWSER_HINT, findBrowser } from "../display/browser.js";
import { checkBrowser } from "../display/draw.js";
import { describeKernels } from "../node/kernels.js";
import { packageRoot } from "../node/project.js";
import { initialParameters } from "../networks/parameters.js";
import { backendMissing, type OpenBackend } from "../node/tensorflow/backend.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createRandom } from "../random.js";
import { runsDirectory } from "../runs/store.js";
import { networkPlan } from "../training/plan.js";

/** One part of the environment that the command checks. */
interface Finding {
  readonly part: string;
  /** Describes what was found; absent when the part is missing. */
  readonly found?: string | undefined;
  /** Says what the part is needed for, and how to install it. */
  readonly hint: string;
  /** Whether nothing works without the part. */
  readonly required?: boolean;
}

/** Runs `mast doctor`, which reports what is installed, and how to install what is missing. */
export async function doctorCommand(): Promise<void> {
  const backends = Promise.all(BACKENDS.filter((name) => name !== "auto").map(backend));
  const findings = [
    nodeVersion(),
    await engine(),
    ...(await backends),
    packages(),
    machine(),
    python(),
    await environments(),
    await jupyter(),
    kernel(),
    await browser(),
    gpu(),
    git(),
  ];
  const width = Math.max(...findings.map(({ part }) => part.length));
  for (const { part, found, hint, required } of findings) {
    const mark = found !== undefined ? "ok      " : required ? "MISSING " : "-       ";
    console.log(`${mark}${part.padEnd(width)}  ${found ?? hint}`);
  }
  console.log(`\nRuns are kept in ${runsDirectory()}.`);
  if (findings.some(({ found, required }) => required && found === undefined)) process.exitCode = 1;
}

function nodeVersion(): Finding {
  return {
    part: "Node.js",
    found: process.versions.node,
    hint: "install Node.js 20.19 or newer from nodejs.org",
    required: true,
  };
}

function packages(): Finding {
  const require = createRequire(import.meta.url);
  const names = ["plotly.js-cartesian-dist-min/package.json", "piscina/package.json", "zod/package.json"];
  const missing = names.filter(
    (name) => !existsSync(join(packageRoot(), "node_modules", name)) && !canResolve(require, name),
  );
  return {
    part: "npm packages",
    found: missing.length === 0 ? "installed" : undefined,
    hint: `missing ${missing.join(", ")}: run npm ci`,
    required: true,
  };
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Builds a small team, which needs the kernels and a Node with SIMD in WebAssembly. */
async function engine(): Promise<Finding> {
  const part = "Engine: sparse";
  try {
    const { shape, parameters } = networkPlan(resolveConfig({ environment: "two-step" }));
    createSparseEngine(shape, initialParameters(parameters, createRandom(1)), new Map()).dispose();
    return { part, found: `on the CPU, ${describeKernels()}`, hint: "" };
  } catch (error) {
    return { part, hint: (error as Error).message.split("\n")[0], required: true };
  }
}

/**
 * Opens an installed backend of the tensorflow engine in a process of its own, because a driver that crashes ends its
 * process, and two of the backends exclude each other.
 */
async function backend(name: OpenBackend["backend"]): Promise<Finding> {
  const part = `Engine: tensorflow, ${name}`;
  const missing = backendMissing(name);
  if (missing !== undefined) return { part, hint: missing };
  const module = new URL("../node/tensorflow/backend.js", import.meta.url).href;
  const program = `import { openBackend } from ${JSON.stringify(module)};
    const said = await openBackend("${name}").then(({ device, close }) => (close(), device), ({ message }) => "-" + message);
    console.log(said);`;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      timeout: 120_000,
    });
    const said = stdout.trim().split("\n").at(-1) ?? "";
    return said.startsWith("-")
      ? { part, hint: said.slice(1).replace(`backend ${name}: `, "") }
      : { part, found: said, hint: "" };
  } catch (error) {
    const { signal, code } = error as { signal?: string; code?: number };
    return { part, hint: `it ends its process (${signal ?? `exit code ${code}`}): set it up again, or use another` };
  }
}

function machine(): Finding {
  return {
    part: "Cores",
    found: `${cpus().length} (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB memory: one run a core`,
    hint: "",
  };
}

function python(): Finding {
  const found = firstLine("python3", "--version") ?? firstLine("python", "--version");
  return {
    part: "Python",
    found,
    hint: "needed for JupyterLab, and to fetch TensorFlow for a GPU: install Python 3.9 or newer from python.org",
  };
}

/** Reports which environments in Python are installed. */
async function environments(): Promise<Finding> {
  const part = "Environments in Python";
  const { environmentPython, recipes, recipesThere } = (await import(
    new URL("../../src/setup/environments.mjs", import.meta.url).href
  )) as {
    environmentPython(): string;
    recipes: Readonly<Record<string, unknown>>;
    recipesThere(python?: string): string[];
  };
  const there = recipesThere();
  const missing = Object.keys(recipes).filter((name) => !there.includes(name));
  const hint = `for python:MODULE/NAME, npm run setup:python -- ${Object.keys(recipes).join(" | ")}`;
  const others = missing.length > 0 ? `; npm run setup:python also has ${missing.join(", ")}` : "";
  return { part, found: there.length > 0 ? `${there.join(", ")} (${environmentPython()})${others}` : undefined, hint };
}

async function jupyter(): Promise<Finding> {
  const part = "JupyterLab";
  const hint = "for notebooks: npm run lab installs it into .venv";
  const { findJupyter } = (await import(new URL("../../src/setup/jupyter.mjs", import.meta.url).href)) as {
    findJupyter(): string | undefined;
  };
  const python = findJupyter();
  if (python === undefined) return { part, hint };
  return { part, found: `${firstLine(python, "-m", "jupyterlab", "--version") ?? "installed"} (${python})`, hint };
}

function kernel(): Finding {
  const spec = join(packageRoot(), ".jupyter", "kernels", "tslab", "kernel.json");
  return {
    part: "Kernel: TypeScript",
    found: existsSync(spec) ? "tslab, found by npm run lab" : undefined,
    hint: `${spec} is missing: git checkout .jupyter`,
  };
}

/** Draws with the browser, because an installed browser may still fail to start. */
async function browser(): Promise<Finding> {
  const fault = await checkBrowser();
  return {
    part: "Browser for PNG",
    found: fault === undefined ? findBrowser() : undefined,
    hint: `figures are saved without PNG: ${fault}; ${BROWSER_HINT}`,
  };
}

function gpu(): Finding {
  const name = firstLine("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader");
  return {
    part: "NVIDIA driver",
    found: name,
    hint: "none was found: the sparse engine needs no GPU, and the tensorflow engine's backend webgpu also uses GPUs of other makers",
  };
}

function git(): Finding {
  return {
    part: "git",
    found: firstLine("git", "--version"),
    hint: "runs are then stored without the commit of their code",
  };
}

function firstLine(command: string, ...args: string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
  return status === 0 ? (stdout.trim() || stderr.trim()).split("\n")[0] : undefined;
}
