import { LabError } from "../errors.js";
import type { Table } from "../figures/table.js";
import type { Config } from "../config.js";
import { relativeDistance } from "../networks/distance.js";
import type { Engine } from "../networks/engine.js";
import type { Episode } from "../replay/episode.js";
import { update } from "./random-learner.js";

/** Loss and gradients of one update. */
export interface ObservedUpdate {
  /** Mean loss over the steps of the batch. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
  /** Unclipped gradients by parameter name, [out, in] or [out]; 0 where a connection is pruned. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/**
 * Makes one update and reads loss and gradients. Call it for all vectorised runs at once, since each waits for the
 * others.
 *
 * @example
 * const [ours, theirs] = await Promise.all([
 *   observeUpdate(sparse, batch, config),
 *   observeUpdate(tensorflow, batch, config),
 * ]);
 */
export async function observeUpdate(
  engine: Engine,
  batch: readonly Episode[],
  config: Config,
): Promise<ObservedUpdate> {
  const { loss, gradientNorm } = await update(engine, batch, config);
  const gradients = new Map<string, Float32Array>();
  for (const { name } of engine.parameters) gradients.set(name, (await engine.gradient(name)).slice());
  return { loss, gradientNorm, gradients };
}

/** Difference between two updates in one quantity. */
export interface UpdateDifference {
  /** The quantity: "loss", "norm of the gradients", or the name of a parameter. */
  readonly of: string;
  /** Value in the first update: the number itself, or the L2 norm of the parameter's gradient. */
  readonly ours: number;
  /** Value in the second update. */
  readonly theirs: number;
  /** L2 norm of the difference divided by that of `theirs`; 0 where both are 0. */
  readonly relative: number;
}

/**
 * Compares two updates made from the same parameters, masks and batch: loss, norm, and the gradient of each parameter.
 *
 * @throws {Error} when one update has a gradient that the other lacks, or of another size, naming it
 * @example
 * Math.max(...updateDifferences(ours, theirs).map(({ relative }) => relative)); // rounding, or a mistake
 */
export function updateDifferences(ours: ObservedUpdate, theirs: ObservedUpdate): UpdateDifference[] {
  const names = new Set([...ours.gradients.keys(), ...theirs.gradients.keys()]);
  return [
    difference("loss", [ours.loss], [theirs.loss]),
    difference("norm of the gradients", [ours.gradientNorm], [theirs.gradientNorm]),
    ...[...names].map((name) => {
      const [one, other] = [ours.gradients.get(name), theirs.gradients.get(name)];
      if (one?.length !== other?.length)
        throw new LabError(
          `The gradients of ${name} cannot be compared: one has ${one?.length ?? "no"} entries, the other ${other?.length ?? "none"}.`,
        );
      return difference(name, one!, other!);
    }),
  ];
}

/** Finds the largest of some differences. NaN counts as larger than any number, since it is a disagreement. */
export function largestDifference(differences: readonly UpdateDifference[]): UpdateDifference {
  return differences.reduce((worst, one) =>
    Number.isNaN(worst.relative) || one.relative <= worst.relative ? worst : one,
  );
}

function difference(of: string, ours: ArrayLike<number>, theirs: ArrayLike<number>): UpdateDifference {
  // A single number keeps its sign.
  const size = (values: ArrayLike<number>): number =>
    values.length === 1 ? values[0] : Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0));
  return { of, ours: size(ours), theirs: size(theirs), relative: relativeDistance(ours, theirs) };
}

/**
 * Makes a table of the differences.
 *
 * @param names names of the two updates
 * @example
 * showTable(differenceTable(updateDifferences(ours, theirs), ["tensorflow", "sparse"]));
 */
export function differenceTable(
  differences: readonly UpdateDifference[],
  [ours, theirs]: readonly [string, string],
): Table {
  const digits = (value: number): string => value.toPrecision(8);
  return {
    columns: [
      { title: "" },
      ...[ours, theirs, "relative difference"].map((title) => ({ title, align: "right" as const })),
    ],
    rows: differences.map((one) => [one.of, digits(one.ours), digits(one.theirs), one.relative.toExponential(1)]),
    note: "Of a parameter's gradient: its L2 norm, and the norm of the difference over it.",
  };
}
