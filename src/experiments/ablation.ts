import type { ConfigInput } from "../config.js";
import { algorithmTitle } from "../methods.js";
import { type PaperRow, readPaperTable } from "../results/paper.js";
import type { Experiment } from "./experiment.js";
import { grid, type GridDeclaration } from "./grid.js";
import { shortRun } from "../short-run.js";

/**
 * The classroom budget of every experiment on 3m. Runs that several experiments share are trained once. The score
 * averages 8 evaluations of 32 battles each, because teams of this length win and lose again from one evaluation to the
 * next.
 */
export const CLASSROOM_3M = shortRun({
  environment: "3m",
  steps: 100_000,
  evaluation: { window: 8 },
  log: { interval: 1_000 },
});

/**
 * Networks, batches and intervals so small that every kind of run makes a few updates within seconds, without learning
 * anything. Method "tiny" can match its size with these networks.
 */
export const SMOKE = {
  ...shortRun({
    steps: 1_200,
    evaluation: { interval: 400, episodes: 4, window: 1 },
    replay: { offlineBatch: 5, onlineBatch: 3 },
  }),
  environment: "3m",
  network: { hidden: 32, embed: 8, hypernetEmbed: 16 },
  topology: { interval: 5 },
  targetInterval: 10,
  log: { interval: 200 },
} satisfies ConfigInput;

/** Section 3 and appendix B: 3s5z, two million steps. */
export const PAPER_3S5Z = { environment: "3s5z", steps: 2_000_000 } as const satisfies ConfigInput;

/** Settings that the ablations of MAST (appendices B.7 and B.8) share. */
export const ABLATION: Pick<GridDeclaration, "budgets" | "seeds"> = {
  budgets: {
    smoke: { ...SMOKE, sparsity: { level: 0.9 } },
    classroom: { ...CLASSROOM_3M, sparsity: { level: 0.95 } },
    paper: { ...PAPER_3S5Z, sparsity: { level: 0.9 } },
  },
  seeds: { smoke: 1, classroom: 5, paper: 8 },
};

/** One of Tables 6 to 10: the settings that it varies, and the table's name in data/paper. */
interface AblationDeclaration extends Pick<
  GridDeclaration,
  "id" | "title" | "about" | "columns" | "source" | "figures"
> {
  readonly table: "table-6" | "table-7" | "table-8" | "table-9" | "table-10";
}

/**
 * Declares the two rows of an ablation as two experiments: MAST-QMIX, and MAST-OW-QMIX (the paper's WQMIX), which takes
 * twice as long.
 */
export function ablations({ table, ...declaration }: AblationDeclaration): [qmix: Experiment, owQmix: Experiment] {
  const row = (algorithm: "qmix" | "ow-qmix"): Experiment => {
    const [name, suffix, label] = algorithm === "qmix" ? ["", "", "QMIX / RES"] : ["OW-QMIX: ", "-ow-qmix", "WQMIX"];
    return grid({
      ...ABLATION,
      ...declaration,
      id: `${declaration.id}${suffix}`,
      title: `${name}${declaration.title}`,
      about: `${declaration.about}${algorithm === "qmix" ? "" : ", with OW-QMIX"}`,
      reproduces: `${table.replace("table-", "Table ")}, ${label}`,
      rows: { title: "Algorithm", settings: [{ label: algorithmTitle(algorithm), input: { algorithm } }] },
      paper: ({ column }) => {
        const cell = (readPaperTable(table) as readonly PaperRow[]).find(
          (printed) => printed["algorithm"] === algorithm,
        )?.[column];
        return typeof cell === "number" ? cell : undefined;
      },
    });
  };
  return [row("qmix"), row("ow-qmix")];
}
