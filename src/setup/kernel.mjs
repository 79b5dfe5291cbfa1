// node src/setup/kernel.mjs --config-path FILE: the kernel of TypeScript notebooks, which is tslab's with errors in one
// line. Jupyter starts it, see .jupyter/kernels/tslab/kernel.json.
import { createRequire } from "node:module";
import { format, parseArgs } from "node:util";
import { cellErrors } from "./cell-errors.mjs";
import { answerCells } from "./cell-replies.mjs";

const { values } = parseArgs({ options: { "config-path": { type: "string" } } });
const print = console.error.bind(console);
let lastError = "";
console.error = cellErrors((...said) => {
  lastError = format(...said);
  print(...said);
});
const require = createRequire(import.meta.url);
// tslab's compiler reads every package of node_modules/@types, imported or not, before the first cell. Cells use only
// the globals of Node.js without an import, and the types of an imported package are found through the import.
const compiler = createRequire(require.resolve("tslab/package.json")).resolve("@tslab/typescript-for-tslab");
const typescript = require(compiler);
require.cache[compiler].exports = {
  ...typescript,
  createWatchCompilerHost: (files, options, ...rest) =>
    typescript.createWatchCompilerHost(files, { ...options, types: ["node"] }, ...rest),
};
answerCells(
  require("tslab/dist/jupyter.js").JupyterHandlerImpl,
  require("tslab/dist/util.js").TaskCanceledError,
  () => lastError,
);
// Jupyter chooses the kernel's ports before the kernel opens them, so another program may have taken one of them.
// Jupyter then starts a kernel that has ended once more, with other ports, but waits for one that does not answer.
process.on("unhandledRejection", (reason) => {
  if (!/address already in use/i.test(String(reason?.message))) return;
  print("Another program has taken a port of this kernel. It ends, so that Jupyter starts it with other ports.");
  process.exit(1);
});
require("tslab/dist/main.js").startKernel({ configPath: values["config-path"], enableFindLocal: false });
