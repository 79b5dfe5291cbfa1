import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { shortSteps } from "../figures/figure.js";
import { scoreIntervals } from "../figures/scores.js";
import { methodTitle } from "../methods.js";
import { summaryOf } from "../results/scores.js";
import { refuseDifference, unlessVaried } from "../results/seeds.js";
import { runName, type StoredRun } from "../runs/store.js";
import { ABLATION } from "./ablation.js";
import { declare, type Experiment, type Profile, type Reduction } from "./experiment.js";
import { cellStatistics, reduceGrid } from "./grid.js";

const { budgets, seeds: usual } = ABLATION;

/** Labels a ticket with the method of its source, which the name of the source contains. */
function ticketLabel({ method, sparsity, ticket }: Config): string {
  if (ticket === undefined) return sparsity.level > 0 ? `${methodTitle(method)} itself` : methodTitle(method);
  if (ticket.kind === "random") return "random ticket";
  return `${ticket.source!.includes("-rigl-") ? "RigL" : "MAST"}'s ${ticket.kind} ticket`;
}

/**
 * Topologies that stay fixed, all trained as MAST trains: a random one, those that a run of MAST and one of RigL ended
 * with (winning tickets), and MAST's with the weights that belong to it (cheating). Beside them the sources themselves
 * and a dense team.
 */
export const tickets: Experiment = declare({
  id: "tickets",
  title: "What a found topology is worth",
  about:
    "Random, winning and cheating tickets beside MAST, RigL and a dense team: is it the topology or the search that helps?",
  reproduces: "Figure 10",
  profile: "classroom",
  configs: (profile: Profile, seeds = usual[profile], changes: ConfigInput = {}): Config[] =>
    Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) => {
      const team = (input: ConfigInput): Config =>
        resolveConfig([changes, input, { seed }].reduce(mergeConfig, budgets[profile]));
      const [mast, rigl] = [team({ method: "mast" }), team({ method: "rigl" })];
      const ticket = (kind: "random" | "winning" | "cheating", source?: Config): Config =>
        team({ method: "mast", ticket: { kind, source: source && runName(source) } });
      return [
        team({ method: "dense", sparsity: { level: 0 } }),
        mast,
        rigl,
        ticket("random"),
        ticket("winning", rigl),
        ticket("winning", mast),
        ticket("cheating", mast),
      ];
    }),
  label: ticketLabel,
  reduce: reduceTickets,
});

/**
 * Reduces runs as a grid of one row does, but draws the scores one below the other, since topologies have no order
 * along which to draw a line.
 */
function reduceTickets(runs: readonly StoredRun[]): Reduction {
  const plan = {
    title: "Fixed and moving topologies",
    rows: "Environment",
    columns: "Topology",
    cell: (config: Config) => ({ row: config.environment, column: ticketLabel(config) }),
  };
  const compared = unlessVaried([{ method: "dense", sparsity: { level: 0 } }, { method: "mast" }, { method: "rigl" }]);
  refuseDifference(runs, "These runs", (field) => compared(field) && !field.startsWith("ticket."));
  const { environment, steps } = runs[0].config;
  const scores = cellStatistics(runs, plan).map(({ column, iqmLow, iqmHigh }) => ({
    label: column,
    interval: [iqmLow, iqmHigh] as const,
    scores: runs.filter(({ config }) => ticketLabel(config) === column).map((run) => summaryOf(run).score),
  }));
  return {
    ...reduceGrid(runs, plan),
    figure: scoreIntervals(scores, { title: `${plan.title}: ${environment}, ${shortSteps(steps)} steps` }),
  };
}
