import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-alone-"));
  appendFileSync(join(folder, "log"), "");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const module = new URL("./alone.mjs", import.meta.url).href;
const lock = () => join(folder, ".cache/lock");

/** Starts a process that writes when it has the lock and when it gives it back, and returns its exit code. */
function start(body = ""): Promise<number | null> {
  const code = `
    import { appendFileSync } from "node:fs";
    import { setTimeout as wait } from "node:timers/promises";
    import { alone } from ${JSON.stringify(module)};
    const log = ${JSON.stringify(join(folder, "log"))};
    await alone(${JSON.stringify(lock())}, async () => {
      appendFileSync(log, "begin " + process.pid + "\\n");
      await wait(150);
      ${body}
      appendFileSync(log, "end " + process.pid + "\\n");
    });`;
  return new Promise((done) => spawn(process.execPath, ["--input-type=module", "-e", code]).on("exit", done));
}
const lines = () => readFileSync(join(folder, "log"), "utf8").trim().split("\n");

describe("alone", () => {
  it("lets one process at a time do its work", async () => {
    expect(await Promise.all([start(), start(), start(), start()])).toEqual([0, 0, 0, 0]);
    const said = lines();
    expect(said).toHaveLength(8);
    for (let i = 0; i < 8; i += 2) expect(said[i + 1]).toBe(said[i].replace("begin", "end"));
    expect(existsSync(lock())).toBe(false);
  });

  it("gives the lock back when the process exits in the middle of its work", async () => {
    expect(await start("process.exit(3);")).toBe(3);
    expect(existsSync(lock())).toBe(false);
  });

  it("removes what a killed process has left, and what is damaged", async () => {
    await start();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    for (const left of [JSON.stringify({ host: hostname(), process: pid }), '{"host"']) {
      writeFileSync(lock(), left);
      expect(await Promise.all([start(), start()])).toEqual([0, 0]);
    }
    expect(lines().filter((line) => line.startsWith("end"))).toHaveLength(5);
  });
});
