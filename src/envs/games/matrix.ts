import { LabError } from "../../errors.js";
import { requireSeed } from "../../random.js";
import type { Environment, EnvironmentSizes, EnvironmentSnapshot } from "../environment.js";

/** A cooperative game of a few states in which the joint action determines the reward and the next state. */
export interface MatrixGame {
  /** Name of the environment made from the game, shown in errors and snapshots. */
  readonly name: string;
  /** Number of agents n. */
  readonly agents: number;
  /** Number of actions of each agent; every action is legal in every state. */
  readonly actions: number;
  /** Steps of an episode; every episode is this long. */
  readonly steps: number;
  /** One-hot size of the global state; play starts in state 0. */
  readonly states: number;
  /** The largest possible return; an episode that reaches it is won. */
  readonly optimum: number;
  /** Returns the team's reward for playing `joint` in `state`. */
  readonly payoff: (state: number, joint: ArrayLike<number>) => number;
  /** Returns the next state. */
  readonly next: (state: number, joint: ArrayLike<number>) => number;
}

/**
 * Makes an environment from a matrix game: every agent sees the one-hot state, all actions are always legal, and the
 * game is deterministic. An episode is won when its return is the game's optimum.
 *
 * @example
 * const env = createMatrixEnvironment(climbing);
 * env.reset(0);
 * env.step([0, 0]); // reward 11, won
 */
export function createMatrixEnvironment(game: MatrixGame): Environment {
  const sizes: EnvironmentSizes = {
    agents: game.agents,
    actions: game.actions,
    observation: game.states,
    state: game.states,
    episodeLimit: game.steps,
  };
  const observations = new Float32Array(game.agents * game.states);
  const state = new Float32Array(game.states);
  const availableActions = new Uint8Array(game.agents * game.actions).fill(1);
  // The whole state of an episode: [state, steps played, started, reward, return].
  const episode = new Float64Array(5);

  const show = (): void => {
    state.fill(0);
    state[episode[0]] = 1;
    for (let agent = 0; agent < game.agents; agent++) observations.set(state, agent * game.states);
  };

  return {
    name: game.name,
    sizes,
    deterministic: true,
    observations,
    state,
    availableActions,
    get reward() {
      return episode[3];
    },
    get ended() {
      return episode[1] >= game.steps;
    },
    get terminal() {
      return episode[1] >= game.steps;
    },
    get won() {
      return episode[1] >= game.steps && episode[4] >= game.optimum;
    },
    reset(seed) {
      // The game has nothing random, but an invalid seed is still refused.
      requireSeed(seed);
      episode.fill(0);
      episode[2] = 1;
      show();
    },
    step(jointAction) {
      if (episode[2] === 0) throw new LabError(`${game.name}: step before reset: call reset(seed) first.`);
      if (episode[1] >= game.steps) {
        throw new LabError(`${game.name}: step after the end of the episode: call reset(seed) first.`);
      }
      if (jointAction.length !== game.agents) {
        throw new LabError(
          `${game.name}: got ${jointAction.length} actions, needs one for each of ${game.agents} agents.`,
        );
      }
      for (let agent = 0; agent < game.agents; agent++) {
        const action = jointAction[agent];
        if (!(action >= 0 && action < game.actions && Number.isInteger(action))) {
          throw new LabError(
            `${game.name}: agent ${agent} cannot play action ${action}: legal are 0 to ${game.actions - 1}.`,
          );
        }
      }
      const now = episode[0];
      episode[3] = game.payoff(now, jointAction);
      episode[4] += episode[3];
      episode[0] = game.next(now, jointAction);
      episode[1] += 1;
      show();
    },
    save() {
      return new Uint8Array(episode.slice().buffer);
    },
    restore(saved) {
      if (saved.byteLength !== episode.byteLength) {
        throw new LabError(
          `${game.name}: cannot restore ${saved.byteLength} bytes, an episode of this game is ${episode.byteLength} bytes.`,
        );
      }
      episode.set(new Float64Array(saved.slice().buffer));
      show();
    },
    snapshot(): EnvironmentSnapshot {
      return {
        environment: game.name,
        step: episode[1],
        text: `state ${episode[0]}, step ${episode[1]} of ${game.steps}, reward ${episode[3]}, return ${episode[4]}`,
        width: 0,
        height: 0,
        terrain: "",
        units: [],
      };
    },
  };
}
