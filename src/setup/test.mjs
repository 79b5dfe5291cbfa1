// npm test: makes the project ready and runs its tests. Arguments go to vitest:
//   npm test -- src/results
import "./node-version.mjs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./npm.mjs";
import { prepare } from "./prepare.mjs";

await prepare();
const child = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.on("SIGINT", () => {});
child.on("exit", (code) => process.exit(code === null ? 1 : code));
