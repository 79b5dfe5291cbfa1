// Finds or installs rliable for `npm run bench -- --rliable`. Nothing else in the project needs it.
import { join } from "node:path";
import { root } from "./npm.mjs";
import { pythonEnvironment } from "./python.mjs";

export const { find: findRliable, ensure: ensureRliable } = pythonEnvironment({
  title: "rliable",
  folder: ".venv-rliable",
  requirements: join(root, "bench", "rliable", "requirements.txt"),
  // The check imports it, because it loads only with some versions of its dependencies.
  check: "from rliable import library, metrics",
  cost: "a download of 100 MB that takes 0.5 GB of disk",
  without: "only --rliable needs it",
});
