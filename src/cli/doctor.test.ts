import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { BACKENDS } from "../config.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

it.skipIf(!existsSync(cli))(
  "mast doctor has a line for each backend of the tensorflow engine: what computes, or why not and what to do",
  () => {
    const { stdout, status } = spawnSync(process.execPath, [cli, "doctor"], { encoding: "utf8" });
    expect(status).toBe(0);
    for (const name of BACKENDS.filter((name) => name !== "auto")) {
      const line = stdout.split("\n").find((line) => line.includes(`Engine: tensorflow, ${name} `));
      expect(line, name).toMatch(
        /^ok {6}.*\(.*TensorFlow(\.js)? \d+\.\d+\.\d+.*\)$|^- .*(npm run setup:gpu|nvidia-smi|no adapter)/,
      );
      if (name === "wasm" || name === "cpu") expect(line).toMatch(/^ok/);
    }
  },
);

it.skipIf(!existsSync(cli)).each([
  ["a browser that is not there", (folder: string) => join(folder, "nope"), /nope, which is not there/],
  ["a browser that does not start", (folder: string) => broken(folder), /broken does not start/],
])("mast doctor says that %s draws no PNG, and why", (_, make, reason) => {
  const folder = mkdtempSync(join(tmpdir(), "mast-doctor-"));
  const { stdout, status } = spawnSync(process.execPath, [cli, "doctor"], {
    encoding: "utf8",
    env: { ...process.env, CHROME_PATH: make(folder) },
  });
  rmSync(folder, { recursive: true, force: true });
  const line = stdout.split("\n").find((line) => line.includes("Browser for PNG"));
  expect(line).toMatch(/^- .*figures are saved without PNG: .*npm run setup:browser/);
  expect(line).toMatch(reason);
  expect(status).toBe(0);
});

function broken(folder: string): string {
  const path = join(folder, "broken");
  writeFileSync(path, "#!/bin/sh\nexit 3\n");
  chmodSync(path, 0o755);
  return path;
}
