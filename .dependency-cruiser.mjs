// Who may import whom. `npm run check` runs dependency-cruiser over src/ with these rules; a broken one is an error.
//
// FLOORS lists the rooms of src/ from the top of the house to its ground. A file may import files of its own room and
// of rooms on lower floors: never of a higher floor, nor of another room on its own floor. To add a room, give it a
// floor: a file of src/ that is in no room is an error as well. Two files never import each other, not even through
// others or for types alone. Tests stand beside the code and may import anything.

/** Each room as the files and folders that it consists of. */
const FLOORS = [
  // The doors, through which packages, notebooks and the command line come in.
  [["index.ts", "doors/", "cli.ts", "cli/"]],
  // Studies of a person's own, and where they are trained.
  [["studies/"]],
  [["experiments/"], ["lessons/"]],
  [["analysis/"], ["timing/"], ["display/"]],
  [["figures/"]],
  [["results/"]],
  [["runs/"]],
  // What Node.js gives the core; see src/host.ts.
  [["node/"]],
  // From here down is the core, which trains in a browser as well.
  [["training/"]],
  // A configuration is resolved with all parts at hand: it names them, and takes defaults from them. Its types are on
  // the ground.
  [
    [
      "config.ts",
      ...[
        "error",
        "explain",
        "impossible",
        "merge",
        "names",
        "parts",
        "pymarl",
        "resolve",
        "schema",
        "short",
        "text",
      ].map((file) => `config/${file}.ts`),
      "parts/built-in.ts",
      "parts/index.ts",
      "short-run.ts",
    ],
  ],
  [["algorithms/"]],
  [["methods.ts"]],
  [["sparse/"]],
  // What an algorithm is, which knows what an engine is.
  [["parts/algorithm.ts"]],
  [["networks/"], ["targets/"]],
  [["replay/"]],
  [
    [
      "envs/",
      "config/config.ts",
      "errors.ts",
      "host.ts",
      "messages.ts",
      ...["environment", "growth", "method", "operator", "registry"].map((file) => `parts/${file}.ts`),
      "random.ts",
      "webassembly.ts",
    ],
  ],
];
const CORE = FLOORS.slice(FLOORS.findIndex(([room]) => room.includes("training/")));

/** The packages that the core is made of; all run in a browser. TensorFlow.js is there as a type. */
const CORE_PACKAGES = ["@tensorflow/tfjs", "fastest-levenshtein", "pure-rand", "yaml", "zod"];

const TEST = "\\.test\\.ts$";
/** Not part of the library: scripts that build and set up. */
const OUTSIDE = "^src/(setup/|.*\\.mjs$)";

/** A regular expression for the files of rooms. */
const filesOf = (rooms) =>
  `^src/(${rooms
    .flat(Infinity)
    .map((part) => (part.endsWith("/") ? part : `${part.replaceAll(".", "\\.")}$`))
    .join("|")})`;

const upwards = FLOORS.flatMap((floor, height) =>
  floor.map((room) => ({
    name: `${room[0].replace("/", "")}-looks-down-only`,
    comment: `${room.join(", ")} may import rooms of lower floors only; see FLOORS in .dependency-cruiser.mjs.`,
    severity: "error",
    from: { path: filesOf(room), pathNot: TEST },
    to: { path: "^src/", pathNot: [filesOf(room), ...FLOORS.slice(height + 1).map(filesOf)] },
  })),
);

export default {
  forbidden: [
    ...upwards,
    {
      name: "no-circles",
      comment: "Files import each other in a circle: move what both need to a file of its own.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "core-without-node",
      comment:
        "The core trains in a browser, too: what it needs of Node.js is a field of Host (src/host.ts), which src/node/ fills in.",
      severity: "error",
      from: { path: filesOf(CORE), pathNot: TEST },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "core-packages",
      comment: `The core imports no packages but ${CORE_PACKAGES.join(", ")}, which run in a browser.`,
      severity: "error",
      from: { path: filesOf(CORE), pathNot: TEST },
      to: { path: "node_modules/", pathNot: `node_modules/(${CORE_PACKAGES.join("|")})/` },
    },
    {
      name: "figures-are-pure",
      comment:
        "Figures are functions from numbers to Plotly's JSON: reading, writing and showing belongs to results/ and display/.",
      severity: "error",
      from: { path: "^src/figures/", pathNot: TEST },
      // What shrinks the palette of a picture is arithmetic on its bytes.
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?zlib$" },
    },
    {
      name: "every-file-has-a-room",
      comment: "A file of src/ is in no room: give it one, see FLOORS in .dependency-cruiser.mjs.",
      severity: "error",
      from: { path: "^src/", pathNot: [...FLOORS.map(filesOf), TEST, OUTSIDE] },
      to: {},
    },
    {
      name: "resolvable",
      comment: "What is imported cannot be found: is it in package.json?",
      severity: "error",
      from: {},
      // Installed on request, by npm run setup:gpu.
      to: { couldNotResolve: true, pathNot: "^@tensorflow/tfjs-(backend-webgpu|node-gpu)$" },
    },
    {
      name: "tests-are-for-tests",
      comment: "Tests and their fixtures are imported by tests only.",
      severity: "error",
      from: { path: "^src/", pathNot: [TEST, "/fixtures\\.ts$"] },
      to: { path: [TEST, "/fixtures\\.ts$"] },
    },
  ],
  options: {
    // Types as well: a room that knows the types of another knows the other.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: OUTSIDE },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "types", "default"],
      mainFields: ["module", "main", "types"],
    },
  },
};
