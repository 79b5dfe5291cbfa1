import { LabError } from "../errors.js";

/** A network whose backward pass adds to gradients. */
interface Learning {
  backward(gradient: Float32Array, options?: object): unknown;
}

/**
 * The place of an engine between the gradients of one update and those of the next: after a step they stay readable
 * until new ones are added up.
 */
export interface UpdateCycle {
  /** Begins the next update if the last one has made its step. */
  begin(): void;
  /** Returns a network whose backward passes add to the gradients of the present update. */
  watch<Network extends Learning>(network: Network): Network;
  /**
   * Requests dense gradients.
   * @throws {Error} when some were added up without
   */
  request(): void;
  /** Records that the step was made. */
  end(): void;
}

/** @param startAnew clears the gradients of the last update, and what was asked for them */
export function updateCycle(startAnew: () => void): UpdateCycle {
  let [stepped, added] = [false, false];
  const begin = (): void => {
    if (!stepped) return;
    [stepped, added] = [false, false];
    startAnew();
  };
  return {
    begin,
    watch: (network) => ({
      ...network,
      backward(...given) {
        added = true;
        return network.backward(...given);
      },
    }),
    request() {
      begin();
      if (added)
        throw new LabError(
          "requestDenseGradients() comes before the first backward pass of an update: what was added up so far is sparse.",
        );
    },
    end() {
      stepped = true;
    },
  };
}
