import type { ConfigInput } from "../config.js";
import { readPaperTable } from "../results/paper.js";
import type { Profile } from "./experiment.js";
import type { Cell, Dimension, GridDeclaration } from "./grid.js";
import { shortRun } from "./short-run.js";

/** What every experiment on 3m spends in a classroom; runs that several experiments share are trained once. */
export const CLASSROOM_3M = shortRun({ environment: "3m", steps: 100_000, log: { interval: 1_000 } });

/** Networks and times so small that every kind of run is tried in seconds; nothing is learnt. */
export const SMOKE = {
  ...shortRun({ steps: 600, evaluation: { interval: 300, episodes: 4, window: 1 } }),
  environment: "3m", network: { hidden: 16, embed: 8, hypernetEmbed: 16 }, topology: { interval: 5 }, targetInterval: 10, log: { interval: 200 },
} satisfies ConfigInput;

/** Section 3 and appendix B: 3s5z, two million steps. */
export const PAPER_3S5Z = { environment: "3s5z", steps: 2_000_000 } as const satisfies ConfigInput;

/** What the ablations of MAST (appendices B.7 and B.8) share. */
export const ABLATION: Pick<GridDeclaration, "rows" | "budgets" | "seeds"> = {
  // The paper's second row costs twice as much as the first: a classroom has the first.
  rows: (profile: Profile): Dimension => ({
    title: "Algorithm",
    settings: [
      { label: "QMIX", input: { algorithm: "qmix" } },
      ...(profile === "classroom" ? [] : [{ label: "OW-QMIX", input: { algorithm: "ow-qmix" } } as const]),
    ],
  }),
  budgets: {
    smoke: { ...SMOKE, sparsity: { level: 0.9 } },
    classroom: { ...CLASSROOM_3M, sparsity: { level: 0.95 } },
    paper: { ...PAPER_3S5Z, sparsity: { level: 0.9 } },
  },
  seeds: { smoke: 1, classroom: 5, paper: 8 },
};

/** A cell of Tables 6 to 10, whose columns are called as the settings are; "ow-qmix" is the paper's WQMIX. */
export function ablationCell(table: "table-6" | "table-7" | "table-8" | "table-9" | "table-10"): (cell: Cell) => number | undefined {
  return ({ row, column }) => {
    const cell = readPaperTable(table).find(({ algorithm }) => algorithm === row.toLowerCase())?.[column];
    return typeof cell === "number" ? cell : undefined;
  };
}
