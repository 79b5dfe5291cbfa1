import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

const folder = mkdtempSync(join(tmpdir(), "mast-lab-pack-"));
const project = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs npm in a folder, without the variables that npm passes on to the tests that it runs. */
function npm(cwd: string, ...args: string[]) {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$|^VITEST/.test(name)),
  );
  return spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    env: environment,
    shell: process.platform === "win32",
  });
}

let installed = "";
beforeAll(() => {
  const packed = npm(packageRoot(), "pack", "--pack-destination", folder);
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "elsewhere", "private": true, "type": "module" }\n');
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  const { status, stderr } = npm(project, "install", "--prefer-offline", join(folder, tarball));
  installed = status === 0 ? "" : stderr;
}, 600_000);

/** Runs a module of the other project. */
function run(source: string): string {
  writeFileSync(join(project, "main.js"), source);
  return execFileSync(process.execPath, ["main.js"], { cwd: project, encoding: "utf8" });
}

describe("the packed package, in an empty project", () => {
  it("is installed, without what only a clone needs", () => {
    expect(installed).toBe("");
    expect(readdirSync(join(project, "node_modules"))).not.toContain("danfojs-node");
    expect(
      readdirSync(join(project, "node_modules", "mast-lab", "dist")).filter((name) => name.endsWith(".test.js")),
    ).toEqual([]);
  });

  it("trains with the compiled kernels", () => {
    const printed = run(`
      import { resolveConfig, train } from "mast-lab";
      const config = resolveConfig({ environment: "3m", steps: 1500, warmup: 0, short: true });
      for await (const record of train(config)) if (record.kind === "end") console.log(record.step >= 1500, record.update > 0);
    `);
    expect(printed).toBe("true true\n");
  });

  it("keeps runs in the folder where it is started, and trains them on worker threads", () => {
    const printed = run(`
      import { resolveConfig, runAll } from "mast-lab";
      const outcomes = await runAll([1, 2].map((seed) => resolveConfig({ environment: "two-step", seed, steps: 200, warmup: 0, short: true })));
      console.log(outcomes.map(({ state }) => state).join());
    `);
    expect(printed).toBe("complete,complete\n");
    expect(readdirSync(join(project, "data", "runs"))).toHaveLength(2);
  });

  it("has all of its doors", () => {
    const { exports: doors } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
      exports: Record<string, unknown>;
    };
    const names = Object.keys(doors)
      .filter((door) => door !== "./package.json")
      .map((door) => `mast-lab${door.slice(1)}`);
    expect(
      run(`for (const name of ${JSON.stringify(names)}) console.log(Object.keys(await import(name)).length > 0);`),
    ).toBe("true\n".repeat(names.length));
  });

  it("says in one line what to install for frames", () => {
    const printed = run(`
      import { runsFrame } from "mast-lab";
      try { await runsFrame([]); } catch (error) { console.log(error.message); }
    `);
    expect(printed).toMatch(/^Frames need the package danfojs-node[^\n]*\n$/);
  });

  it("brings the command", () => {
    const mast = (...args: string[]) =>
      spawnSync(process.execPath, [join("node_modules", "mast-lab", "src", "setup", "mast.mjs"), ...args], {
        cwd: project,
        encoding: "utf8",
      });
    expect(mast("--version").stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const { stdout, status } = mast("train", "--environment", "two-step", "--steps", "200", "--set", "warmup=0");
    expect(status).toBe(0);
    expect(stdout).toContain("score");
    expect(mast("runs").stdout).toContain("two-step");
  });
});
