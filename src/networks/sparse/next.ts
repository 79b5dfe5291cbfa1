import { LANES } from "../../replay/group.js";
import type { NextOperator } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import type { Batch } from "./batch.js";
import type { Memory } from "./memory.js";

/** Computes values of next states by the kernels (kernels/next.h). */
export interface NextValues {
  /** Makes room for the loaded batch. */
  reserve(): void;
  /** See `Engine.nextValues`. */
  evaluate(operator: NextOperator, q: Float32Array, choosing: Float32Array | null): Float32Array | undefined;
}

/** The operators in the order of kernels/next.h. The first is "max" with other values that choose the action. */
const KINDS = ["double-q", "max", "softmax", "mellowmax", "soft-mellowmax"];

export function createNextValues(memory: Memory, { agents, actions }: NetworkShape, batch: Batch): NextValues {
  const { kernels } = memory;
  const numbers = memory.record([
    "agents",
    "actions",
    "steps",
    "kind",
    "values",
    "choosing",
    "available",
    "running",
    "out",
  ]);
  numbers.set({ agents, actions });
  let capacity = 0;
  let out = 0;
  /** Returns the address of values if they are in the engine's memory, as agents leave them. */
  const addressOf = (values: Float32Array): number | undefined =>
    values.buffer === memory.floats(0, 0).buffer && values.length === (batch.steps() + 1) * agents * actions * LANES
      ? values.byteOffset
      : undefined;

  return {
    reserve() {
      numbers.set({ steps: batch.steps() });
      if (capacity === batch.capacity()) return;
      capacity = batch.capacity();
      out = memory.allocate(capacity * agents * LANES * 4);
      numbers.set({ running: batch.runningLanes(), out });
    },
    evaluate({ kind, alpha = 0, omega = 0, beta = 0 }, q, choosing) {
      const number = KINDS.indexOf(kind === "max" && choosing !== null ? "double-q" : kind);
      const [values, choosingAt] = [addressOf(q), number === 0 ? addressOf(choosing!) : 0];
      if (number < 0 || values === undefined || choosingAt === undefined) return undefined;
      numbers.set({ kind: number, values, choosing: choosingAt, available: batch.available() });
      // With 0, an agent has no available action. Computing the values in TypeScript then finds out which one.
      if (kernels.nextValues(numbers.at, alpha, omega, beta) === 0) return undefined;
      return memory.floats(out, batch.steps() * agents * LANES);
    },
  };
}
