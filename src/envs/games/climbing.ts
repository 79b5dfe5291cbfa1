import type { MatrixGame } from "./matrix.js";

/**
 * The climbing game (Claus and Boutilier 1998): an episode is one joint action, and the optimum of 11 lies beside
 * penalties of -30 that teach independent learners to avoid it.
 */
export const climbing: MatrixGame = {
  name: "climbing",
  agents: 2,
  actions: 3,
  steps: 1,
  states: 1,
  optimum: 11,
  payoff: (_state, joint) => PAYOFF[joint[0] * 3 + joint[1]],
  next: (state) => state,
};

/** Rewards. [agent 0, agent 1] */
const PAYOFF = [11, -30, 0, -30, 7, 6, 0, 0, 5];
