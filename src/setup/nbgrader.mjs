// Finds or installs nbgrader for the tests of the course's problem sets. Lecturers install their own.
import { join } from "node:path";
import { root } from "./npm.mjs";
import { pythonEnvironment } from "./python.mjs";

export const { find: findNbgrader, ensure: ensureNbgrader } = pythonEnvironment({
  title: "nbgrader",
  folder: ".venv-course",
  requirements: join(root, ".jupyter", "course-requirements.txt"),
  check: "import nbgrader",
  cost: "a download of 100 MB",
  without: "only tests of the problem sets need it",
});
