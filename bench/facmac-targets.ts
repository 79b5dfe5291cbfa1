import { createEnvironment, environmentOf } from "../src/envs/index.js";
import type { Environment } from "../src/envs/environment.js";
import { nearest, nearestTarget, playEpisodes, type Policy } from "../src/envs/play.js";
import { FIRST_TARGET } from "../src/envs/starcraft/observe.js";
import { facmacDiscreteNetworks } from "../src/algorithms/facmac-discrete.js";
import type { Engine } from "../src/networks/engine.js";
import type { Episode } from "../src/replay/episode.js";
import { groupEpisodes } from "../src/replay/group.js";
import { mean, standardDeviation } from "../src/results/statistics.js";
import { readRun, readRunCheckpoint } from "../src/runs/store.js";
import { oneHotActions } from "../src/targets/gumbel.js";
import { createRandom } from "../src/random.js";
import { restoreNetworks } from "../src/training/networks.js";
import { createEpisodeRecorder, greedyPolicy } from "../src/training/rollout.js";

// Shows what keeps FACMAC at half the battles of 2s3z: `npx tsx bench/facmac-targets.ts [RUN ...]`.
//
// Without a run it plays a script that attacks the first target of its list, in which some agents attack the nearest
// one instead. For each run of facmac-discrete on 2s3z it lets single zealots of the greedy team do so: for the rest of
// the battle, and for one step, whose effect on the discounted return it compares with what the run's critic expects.

const ZEALOTS = [2, 3, 4];
const BATTLES = 300;
const DECISIONS_PER_BATTLE = 3;

type FacmacEngine = Engine<true, typeof facmacDiscreteNetworks>;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** The policy in which some agents attack the nearest target whenever they can choose among targets. */
function withNearest(policy: Policy, agents: readonly number[]): Policy {
  const near = new Uint8Array(5);
  return (env, jointAction, t) => {
    policy(env, jointAction, t);
    nearestTarget(env, near);
    for (const i of agents) if (targets(env, i) > 0) jointAction[i] = near[i];
  };
}

/** The number of enemies that an agent can attack. */
function targets({ availableActions, sizes: { actions } }: Environment, agent: number): number {
  return availableActions.subarray(agent * actions + FIRST_TARGET, (agent + 1) * actions).reduce((a, b) => a + b, 0);
}

function showMixtures(env: Environment, policy: Policy): void {
  for (const agents of [[], ...ZEALOTS.map((i) => [i]), ZEALOTS, [0, 1, ...ZEALOTS]]) {
    const { winRate } = playEpisodes(env, withNearest(policy, agents), { episodes: BATTLES, seed: 1_000 });
    console.log(`  nearest target for agents ${agents.join(", ") || "-"}: ${percent(winRate)} of ${BATTLES} battles`);
  }
}

/** A decision in which a zealot attacks another enemy than the nearest. */
interface Decision {
  readonly t: number;
  readonly agent: number;
  readonly nearest: number;
}

async function showDecisions(run: string): Promise<void> {
  const { config, directory } = readRun(run);
  const env = environmentOf(config);
  const engine = restoreNetworks(config, readRunCheckpoint(directory).state) as FacmacEngine;
  const policy = greedyPolicy(engine.createActor(1));
  showMixtures(env, policy);

  const recorder = createEpisodeRecorder(env);
  const near = new Uint8Array(env.sizes.agents);
  const play = (seed: number, change?: Decision, found: Decision[] = []): Episode =>
    recorder.play(
      (_, jointAction, t) => {
        policy(env, jointAction, t);
        nearestTarget(env, near);
        for (const agent of ZEALOTS)
          if (targets(env, agent) > 1 && jointAction[agent] >= FIRST_TARGET && jointAction[agent] !== near[agent])
            found.push({ t, agent, nearest: near[agent] });
        if (t === change?.t) jointAction[change.agent] = change.nearest;
      },
      seed,
      0,
    ).episode;
  const returnFrom = ({ rewards }: Episode, t: number): number =>
    rewards.slice(t).reduceRight((later, reward) => reward + config.discount * later, 0);

  const random = createRandom(1);
  const [truth, expected]: number[][] = [[], []];
  for (let battle = 0; battle < BATTLES; battle++) {
    const found: Decision[] = [];
    const seed = 10_000 + battle;
    const episode = play(seed, undefined, found);
    for (let k = 0; k < DECISIONS_PER_BATTLE && found.length > 0; k++) {
      const decision = found[random.below(found.length)];
      truth.push(returnFrom(play(seed, decision), decision.t) - returnFrom(episode, decision.t));
      expected.push(valueOf(engine, env, episode, decision));
    }
  }
  const error = (values: number[]): number => standardDeviation(values) / Math.sqrt(values.length);
  const show = (values: number[]): string => `${mean(values).toFixed(3)} (s.e. ${error(values).toFixed(3)})`;
  console.log(`  one step at the nearest of several targets, ${truth.length} decisions: return ${show(truth)};`);
  console.log(
    `  the critic expects ${show(expected)}, and more than before in ${percent(mean(expected.map((value) => Number(value > 0))))}`,
  );
  engine.dispose();
}

/** What the critic and the mixer expect of one changed action, less what they expect of the joint action itself. */
function valueOf(engine: FacmacEngine, env: Environment, episode: Episode, { t, agent, nearest }: Decision): number {
  const { critic, mixer } = engine.networks;
  const total = (actions: Uint8Array): number => {
    const [group] = groupEpisodes([{ ...episode, actions }], env.sizes);
    engine.load(group);
    const values = critic.forward("online", oneHotActions(group.actions, group), 0).slice();
    return mixer.forward("online", values, 0)[t * group.lanes];
  };
  const changed = episode.actions.slice();
  changed[t * env.sizes.agents + agent] = nearest;
  return total(changed) - total(episode.actions);
}

console.log("the first target of the list");
showMixtures(createEnvironment("2s3z"), nearest);
for (const run of process.argv.slice(2)) {
  console.log(run);
  await showDecisions(run);
}
