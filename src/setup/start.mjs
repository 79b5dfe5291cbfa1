// npm start: runs the quickstart from a fresh clone. Arguments go to `mast experiment run quickstart`:
//   npm start -- --profile smoke
import "./node-version.mjs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./npm.mjs";
import { prepare } from "./prepare.mjs";

await prepare();
const child = spawn(
  process.execPath,
  [join(root, "dist/cli.js"), "experiment", "run", "quickstart", ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit" },
);
// Ctrl-C also reaches the child process, which stops with a checkpoint; this process waits for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code === null ? 1 : code));
