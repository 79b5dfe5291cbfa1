import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { BACKENDS } from "../config.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

it.skipIf(!existsSync(cli))("mast doctor has a line for each backend of the tensorflow engine: what computes, or why not and what to do", () => {
  const { stdout, status } = spawnSync(process.execPath, [cli, "doctor"], { encoding: "utf8" });
  expect(status).toBe(0);
  for (const name of BACKENDS.filter((name) => name !== "auto")) {
    const line = stdout.split("\n").find((line) => line.includes(`Engine: tensorflow, ${name} `));
    expect(line, name).toMatch(/^ok {6}.*\(.*TensorFlow(\.js)? \d+\.\d+\.\d+.*\)$|^- .*(npm run setup:gpu|nvidia-smi|no adapter)/);
    if (name === "wasm" || name === "cpu") expect(line).toMatch(/^ok/);
  }
});
