import type { Engine } from "../networks/engine.js";
import type { EpisodeGroup } from "../replay/group.js";
import { isBuiltIn, nextValues, type RegisteredOperator } from "../targets/operators.js";

/**
 * Computes `nextValues` for the group that an engine has loaded, by the engine's own kernels where it has them: the
 * same bits, faster. The result may be a view that the next call overwrites.
 */
export function engineNextValues(
  engine: Pick<Engine, "nextValues">,
  operator: RegisteredOperator,
  q: Float32Array,
  choosing: Float32Array | null,
  group: EpisodeGroup,
): Float32Array {
  const own = isBuiltIn(operator) ? engine.nextValues?.(operator, q, choosing) : undefined;
  return own ?? nextValues(operator, q, choosing, group);
}
