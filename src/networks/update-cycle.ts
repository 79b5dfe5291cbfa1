/** Where an engine is between the gradients of one update and those of the next: after a step they stay readable until new ones are added up. */
export interface UpdateCycle {
  /** Something begins that belongs to the next update, if the last has made its step. */
  begin(): void;
  /** A network whose backward pass adds to the gradients of the present update. */
  adding<Gradient, Network extends { backward(gradient: Float32Array): Gradient }>(network: Network): Network;
  /**
   * Dense gradients are asked for.
   * @throws {Error} when some were added up without
   */
  request(): void;
  /** The step was made. */
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
    adding: (network) => ({
      ...network,
      backward(gradient: Float32Array) {
        added = true;
        return network.backward(gradient);
      },
    }),
    request() {
      begin();
      if (added) throw new Error("requestDenseGradients() comes before the first backward pass of an update: what was added up so far is sparse.");
    },
    end() {
      stepped = true;
    },
  };
}
