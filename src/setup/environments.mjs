// npm run setup:python -- RECIPE: installs packages for environments in Python from PyPI into the project's .venv, and
// prints the steps for those that are not on PyPI.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./npm.mjs";

const SMAC_GAME = [
  "install StarCraft II 4.10 for Linux (4 GB, from Blizzard's page s2client-proto on GitHub), and set SC2PATH to its folder StarCraftII",
  "copy the folder SMAC_Maps of the release of SMAC on GitHub to StarCraftII/Maps",
];

/**
 * The environments that can be set up by name.
 *
 * `packages` come from PyPI, at these versions or newer ones; `check` is a Python program that fails if something is
 * missing; `steps` are left for the user. `try` is an environment to begin with, and `train` are the options of `mast
 * train` where it is learned by settings of its own.
 */
export const recipes = {
  pettingzoo: {
    title: "PettingZoo and the particle environments",
    packages: ["numpy", "pettingzoo>=1.25", "mpe2>=1.0"],
    check: "import pettingzoo, mpe2",
    try: "python:mpe2/simple_spread_v3",
  },
  lbf: {
    title: "Level-Based Foraging",
    packages: ["numpy", "gymnasium>=1.0", "lbforaging>=2.0"],
    check: "import lbforaging",
    train: "--config examples/foraging.yaml",
  },
  rware: {
    title: "Multi-Robot Warehouse",
    packages: ["numpy", "gymnasium>=1.0", "rware>=2.0"],
    check: "import rware",
    try: "python:rware/rware-tiny-2ag-v2",
  },
  mamujoco: {
    title: "Multi-Agent MuJoCo of Gymnasium-Robotics",
    packages: ["numpy", "gymnasium-robotics>=1.4", "mujoco>=3.2"],
    check: "from gymnasium_robotics import mamujoco_v1",
    note: 'its actions are continuous: createEnvironment("python:gymnasium_robotics/mamujoco_v1", { options: { scenario: "Swimmer", agent_conf: "2x1" } }) plays it, and algorithms that choose among discrete actions are refused on it',
  },
  smaclite: {
    title: "SMAClite",
    packages: ["numpy", "gymnasium>=1.0", "scikit-learn", "Rtree", "pygame"],
    check: "import smaclite",
    try: "python:smaclite/2s3z",
    steps: [
      "download the repository uoe-agents/smaclite from GitHub, which is not on PyPI",
      "PYTHON -m pip install --no-deps FOLDER_OF_SMACLITE",
    ],
  },
  smac: {
    title: "SMAC (the real StarCraft II)",
    packages: ["numpy", "pysc2", "protobuf<3.21"],
    check: "import smac.env",
    try: "python:smac/3m",
    game: true,
    steps: [
      "download the repository oxwhirl/smac from GitHub; the package of that name on PyPI is something else",
      "PYTHON -m pip install --no-deps FOLDER_OF_SMAC",
      ...SMAC_GAME,
    ],
  },
  smacv2: {
    title: "SMACv2 (the real StarCraft II)",
    packages: ["numpy", "pysc2", "protobuf<3.21", "gym"],
    check: "import smacv2.env",
    try: "python:smacv2/10gen_terran",
    game: true,
    steps: [
      "download the repository oxwhirl/smacv2 from GitHub, which is not on PyPI",
      "PYTHON -m pip install --no-deps FOLDER_OF_SMACV2",
      ...SMAC_GAME,
    ],
  },
};

/** Tells whether the game and SMAC's maps are in the folders where SMAC looks for them. */
function gameIsThere() {
  const game = process.env.SC2PATH || join(homedir(), "StarCraftII");
  return existsSync(join(game, "Versions")) && existsSync(join(game, "Maps", "SMAC_Maps"));
}

const venv = join(root, ".venv");
const own = join(venv, "bin", "python");

/** The Python that runs environments: MAST_PYTHON, or the project's own. */
export const environmentPython = () => process.env.MAST_PYTHON || (existsSync(own) ? own : "python3");

/** Finds the recipes that work with a Python, by starting it once for each. */
export function recipesThere(python = environmentPython()) {
  return Object.keys(recipes).filter(
    (name) => (!recipes[name].game || gameIsThere()) && run(python, "-c", recipes[name].check).status === 0,
  );
}

function run(command, ...args) {
  return spawnSync(command, args, { encoding: "utf8" });
}

/**
 * Finds the Python to set up: MAST_PYTHON, or the project's own, which is created if it does not exist.
 * @throws {Error} in one line, where Python is missing or too old, or has no venv
 */
function pythonToSetUp() {
  const given = process.env.MAST_PYTHON;
  const python = given || (existsSync(own) ? own : "python3");
  const version = run(
    python,
    "-c",
    "import sys; print('%d.%d %s' % (sys.version_info[:2] + (sys.version_info >= (3, 9),)))",
  );
  const [number, fits] = (version.stdout ?? "").trim().split(" ");
  if (version.status !== 0)
    throw new Error(
      `Python 3.9 or newer is needed, and ${python} ${version.error?.code === "ENOENT" ? "is not there" : "does not run"}: install it from python.org or your system's packages${given ? ", or set MAST_PYTHON to another" : ""}`,
    );
  if (fits !== "True")
    throw new Error(
      `Python 3.9 or newer is needed, and ${python} is ${number}: install a newer one, or set MAST_PYTHON to one that is there`,
    );
  if (python !== "python3" || given) return python;
  console.error("making the Python environment .venv");
  if (run("python3", "-m", "venv", venv).status !== 0 || run(own, "-m", "pip", "--version").status !== 0)
    throw new Error(
      "Python's venv module is missing or incomplete: install it (Debian, Ubuntu: `apt install python3-venv`), delete the folder .venv and try again",
    );
  return own;
}

/** Installs the packages of some recipes from PyPI and prints the remaining steps. */
function setUp(names) {
  const unknown = names.find((name) => !Object.hasOwn(recipes, name));
  if (names.length === 0 || unknown !== undefined)
    throw new Error(
      `${unknown === undefined ? "which environment?" : `there is no recipe "${unknown}".`} npm run setup:python -- ${Object.keys(recipes).join(" | ")}`,
    );
  const python = pythonToSetUp();
  const works = (name) => run(python, "-c", recipes[name].check).status === 0;
  const missing = names.filter((name) => !works(name));
  const packages = [...new Set(missing.flatMap((name) => recipes[name].packages))];
  if (missing.length > 0) {
    console.error(`installing ${packages.join(", ")} from PyPI for ${python}`);
    const installed = run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages);
    if (installed.status !== 0)
      throw new Error(
        `${missing.map((name) => recipes[name].title).join(", ")} could not be installed: ${failureOfPip(installed)}`,
      );
  }
  for (const name of names) {
    const recipe = recipes[name];
    const left = works(name) ? (recipe.game && !gameIsThere() ? SMAC_GAME : []) : (recipe.steps ?? []);
    if (left.length > 0) {
      console.error(`${recipe.title} also needs these steps:`);
      left.forEach((step, i) => console.error(`  ${i + 1}. ${step.replace("PYTHON", python)}`));
      process.exitCode = 1;
      continue;
    }
    if (!works(name))
      throw new Error(
        `${recipe.title} was installed but does not load: ${run(python, "-c", recipe.check).stderr.trim().split("\n").at(-1)}`,
      );
    console.error(missing.includes(name) ? `ready: ${recipe.title}` : `ready: ${recipe.title} is already installed`);
    if (recipe.note) console.error(recipe.note);
    const train = recipe.train ?? (recipe.try && `--environment ${recipe.try} --method dense --steps 100000 --short`);
    if (train) console.error(`try: npm run mast -- train ${train}`);
  }
}

/** Says in one line why pip failed. If it could not reach PyPI at all, its messages about packages are misleading. */
function failureOfPip({ error, stderr, stdout }) {
  if (error !== undefined) return error.message;
  const said = `${stderr ?? ""}${stdout ?? ""}`.trim();
  if (
    /from versions: none|Failed to establish a new connection|Temporary failure in name resolution|NewConnectionError|ProxyError|timed out/i.test(
      said,
    )
  )
    return "PyPI cannot be reached: connect to the network, or set pip's index (PIP_INDEX_URL), and try again";
  const line = said.split("\n").findLast((one) => /error/i.test(one)) ?? said.split("\n").at(-1) ?? "pip failed";
  return `${line.trim()}; check network and disk and try again`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setUp(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
