#!/usr/bin/env node
// The command mast: `npx mast`, `npm run mast --`. In a clone it first sets the project up if necessary, so that the
// command works before anything is installed; then it runs the compiled command.
import "./node-version.mjs";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
// Without its sources this is an installed package, which is already compiled.
if (existsSync(join(root, "src", "cli.ts"))) {
  const { prepare } = await import("./prepare.mjs");
  await prepare();
}
await import("../../dist/cli.js");
