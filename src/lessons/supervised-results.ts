import { LabError } from "../errors.js";
import { trainingCurves } from "../figures/curves.js";
import { evolutionImage } from "../figures/evolution.js";
import type { Figure } from "../figures/figure.js";
import { interruptSignal, liveFigure, showShare } from "../display/notebook.js";
import type { Table } from "../figures/table.js";
import { axis } from "../figures/theme.js";
import { type PaperMethod, methodTitle } from "../methods.js";
import { agentInput } from "../networks/kinds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { inputConnections } from "../sparse/mask.js";
import {
  connectedInputs,
  relevantInputs,
  supervisedShape,
  type SupervisedRun,
  type SupervisedTask,
  trainSupervised,
} from "./supervised.js";

/**
 * Trains every method with every seed, one run after the other in this thread, with a live curve below the notebook's
 * cell. An interrupt stops it.
 *
 * @throws {ConfigError} when the task is impossible
 * @throws {Error} when an interrupt stopped it
 * @example const runs = await watchSupervised(task, { methods: ["dense", "ss", "set", "rigl"], seeds: 10 });
 */
export async function watchSupervised(
  task: SupervisedTask,
  {
    methods,
    seeds,
  }: {
    /** The methods that are compared. */
    readonly methods: readonly PaperMethod[];
    /** Number of trainings of each method, with seeds 1, 2 and so on. */
    readonly seeds: number;
  },
): Promise<SupervisedRun[]> {
  const progress = showShare("Trainings");
  const live = liveFigure();
  const interrupt = interruptSignal();
  const runs: SupervisedRun[] = [];
  const total = seeds * methods.length;
  try {
    // Seed by seed, so that the live curve compares methods from the start.
    for (let seed = 1; seed <= seeds; seed++) {
      for (const method of methods) {
        const what = `${methodTitle(method)}, seed ${seed}`;
        const onTest = (share: number): void =>
          progress.update({ share: Math.min(1, (runs.length + share) / total), what });
        runs.push(await trainSupervised(task, method, seed, { signal: interrupt.signal, onTest }));
        live.update(() => supervisedCurves(runs));
      }
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new LabError(`Stopped after ${runs.length} of ${total} trainings. Run the cell again to begin anew.`);
  } finally {
    interrupt.release();
  }
  await live.finish(supervisedCurves(runs));
  return runs;
}

/** Draws test errors over training: means over seeds, and a band of one standard deviation. */
export function supervisedCurves(runs: readonly SupervisedRun[]): Figure {
  const curves = runs.map(({ method, updates, errors }) => ({
    label: methodTitle(method),
    steps: updates,
    values: errors,
  }));
  const { task } = runs[0];
  const figure = trainingCurves(curves, {
    title: taskTitle(task),
    value: "Test error / variance",
    share: false,
    steps: task.updates,
    window: 0,
  });
  const axes = {
    xaxis: axis("Updates", { range: [0, task.updates * 1.01] }),
    yaxis: axis("Test error / variance", { tickformat: ".0%", rangemode: "tozero" }),
  };
  return { ...figure, layout: { ...figure.layout, ...axes } };
}

/** Makes a table of each method's test error and of its connections to the relevant inputs. */
export function supervisedTable(runs: readonly SupervisedRun[]): Table {
  const { task } = runs[0];
  const percent = (values: readonly number[]): string =>
    `${(100 * mean(values)).toFixed(1)} %${values.length > 1 ? ` ± ${(100 * standardDeviation(values)).toFixed(1)}` : ""}`;
  const rows = [...new Set(runs.map(({ method }) => method))].map((method) => {
    const own = runs.filter((run) => run.method === method);
    const uses = own.map((run) => ({ before: useOfInputs(task, run.before), after: useOfInputs(task, run.after) }));
    const change = (value: (use: InputUse) => number, text: (x: number) => string): string => {
      const [before, after] = [uses.map((use) => value(use.before)), uses.map((use) => value(use.after))].map(
        (values) => text(mean(values)),
      );
      return before === after ? before : `${before} → ${after}`;
    };
    return [
      methodTitle(method),
      String(own.length),
      percent(own.map(({ errors }) => errors.at(-1)!)),
      change(
        ({ connected }) => connected,
        (x) => x.toFixed(1),
      ),
      change(
        ({ connected }) => 1 - connected / task.relevant,
        (x) => `${(100 * x).toFixed(0)} %`,
      ),
      change(
        ({ share }) => share,
        (x) => `${(100 * x).toFixed(0)} %`,
      ),
    ];
  });
  return {
    title: taskTitle(task),
    columns: [
      { title: "Method" },
      ...["Seeds", "Test error", `Connected, of ${task.relevant}`, "Out of reach", "Share of connections"].map(
        (title) => ({ title, align: "right" as const }),
      ),
    ],
    rows,
    note:
      "Means over seeds, before → after training (one number where it is the same). Test error: mean squared error as a share of the variance of y. Connected: relevant inputs from which a path of connections leads to the output; " +
      `out of reach: the share of them that has none. Share of connections: how much of the first layer looks at relevant inputs, ${((100 * task.relevant) / agentInput(supervisedShape(task))).toFixed(0)} % if it looked at all alike.`,
  };
}

/**
 * Draws which connections of the first layer were kept, dropped and grown from the first update to the last, with a
 * panel for each sparse method and relevant inputs framed.
 */
export function inputEvolution(runs: readonly SupervisedRun[], seed = 1): Figure {
  const shown = runs.filter((run) => run.seed === seed && run.method !== "dense");
  if (shown.length === 0)
    throw new LabError(
      `There is no sparse run with seed ${seed}; there are seeds ${[...new Set(runs.map((run) => run.seed))].join(", ")}.`,
    );
  const { task } = shown[0];
  const weight = "agent.fc1.weight";
  const panels = shown.map(({ method, before, after }) => ({
    label: methodTitle(method),
    outputs: task.hidden,
    inputs: agentInput(supervisedShape(task)),
    before: before.get(weight)!,
    after: after.get(weight)!,
  }));
  return evolutionImage(panels, {
    title: `First layer before and after ${task.updates.toLocaleString("en")} updates`,
    columns: 1,
    marked: { name: "relevant", ...relevantInputs(task) },
  });
}

interface InputUse {
  /** Number of relevant inputs with a path to the output. */
  readonly connected: number;
  /** Connections of the first layer to relevant inputs, as a share of all. */
  readonly share: number;
}

function useOfInputs(task: SupervisedTask, masks: ReadonlyMap<string, Uint8Array>): InputUse {
  const inputs = agentInput(supervisedShape(task));
  const { start, length } = relevantInputs(task);
  const ofRelevant = (values: ArrayLike<number>): number =>
    Array.from(values)
      .slice(start, start + length)
      .reduce((a, b) => a + b, 0);
  const counts = inputConnections(masks.get("agent.fc1.weight")!, [task.hidden, inputs]);
  return {
    connected: ofRelevant(connectedInputs(masks, { inputs, hidden: task.hidden })),
    share: ofRelevant(counts) / counts.reduce((a, b) => a + b, 0),
  };
}

function taskTitle({ relevant, inputs, sparsity, relation }: SupervisedTask): string {
  return `${relevant} of ${inputs} inputs matter (${relation}), sparse at ${+(100 * sparsity).toFixed(1)} %`;
}
