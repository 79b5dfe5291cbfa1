import { createRandom, type GivenEnvironment, type Parts, type Random } from "mast-lab/parts";

/**
 * Two agents in a corridor of `length` cells have to stand on its last cell at the same moment. Each sees where it is
 * and hears where the other is; a step forward slips with a chance of 10 %.
 */
function createWalk(length: number): GivenEnvironment {
  const observations = new Float32Array(2 * 2);
  const state = new Float32Array(2);
  const availableActions = new Uint8Array(2 * 3).fill(1);
  const places = [0, 0];
  let random: Random = createRandom(0);
  let steps = 0;

  const show = () => {
    walk.won = walk.terminal = places.every((place) => place === length - 1);
    walk.ended = walk.won || steps >= 4 * length;
    walk.reward = walk.won ? 10 : 0;
    places.forEach((place, agent) => {
      state[agent] = place / (length - 1);
      observations[2 * agent] = place / (length - 1);
      observations[2 * agent + 1] = places[1 - agent] / (length - 1);
      // Action 0 stays, 1 goes back, 2 goes on. Nobody walks into a wall.
      availableActions[3 * agent + 1] = place > 0 ? 1 : 0;
      availableActions[3 * agent + 2] = place < length - 1 ? 1 : 0;
    });
  };

  const walk = {
    sizes: { agents: 2, actions: 3, observation: 2, state: 2, episodeLimit: 4 * length },
    deterministic: true,
    observations,
    state,
    availableActions,
    reward: 0,
    ended: false,
    terminal: false,
    won: false,
    reset(seed: number) {
      random = createRandom(seed);
      places.fill(0);
      steps = 0;
      show();
    },
    step(jointAction: ArrayLike<number>) {
      places.forEach((place, agent) => {
        const move = [0, -1, 1][jointAction[agent]]!;
        if (move < 1 || random.float() >= 0.1) places[agent] = place + move;
      });
      steps++;
      show();
    },
  };
  return walk;
}

export default {
  environments: { walk: { options: { length: 5 }, create: ({ length }) => createWalk(length) } },
} satisfies Parts;
