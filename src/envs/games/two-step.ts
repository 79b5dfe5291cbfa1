import type { MatrixGame } from "./matrix.js";

/**
 * The two-step game of QMIX (Rashid et al. 2018, section 5): in the first step agent 0 alone chooses between game 2A,
 * which pays 7 whatever happens, and game 2B, which pays 8 only when both agents choose action 1. A factorisation
 * without a mixer that reads the state prefers the safe 7.
 */
export const twoStep: MatrixGame = {
  name: "two-step",
  agents: 2,
  actions: 2,
  steps: 2,
  states: 3,
  optimum: 8,
  payoff: (state, joint) => (state === 0 ? 0 : state === 1 ? 7 : GAME_2B[joint[0] * 2 + joint[1]]),
  next: (state, joint) => (state === 0 ? 1 + joint[0] : state),
};

/** Rewards of game 2B. [agent 0, agent 1] */
const GAME_2B = [0, 1, 1, 8];
