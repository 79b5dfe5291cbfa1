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
answerCells(
  require("tslab/dist/jupyter.js").JupyterHandlerImpl,
  require("tslab/dist/util.js").TaskCanceledError,
  () => lastError,
);
require("tslab/dist/main.js").startKernel({ configPath: values["config-path"], enableFindLocal: false });
