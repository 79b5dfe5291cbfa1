import "../../src/node/host.js";
import { updateNetworks } from "../../src/algorithms/update.js";
import { resolveConfig } from "../../src/config.js";
import { networkParameters } from "../../src/networks/parameters.js";
import { relativeDistance } from "../../src/networks/distance.js";
import type { Engine } from "../../src/networks/engine.js";
import { createSparseEngine, type EngineOptions } from "../../src/networks/sparse/engine.js";
import { countSteps, groupEpisodes } from "../../src/replay/group.js";
import { decodeSafetensors } from "../../src/runs/safetensors.js";
import { algorithmShape } from "../../src/sparse/flops.js";
import { type Case, type Rule, tensorsNamed } from "./case.js";

/** Results of the updates of a rule. */
export interface Answer {
  /** Loss of each update. */
  readonly losses: readonly number[];
  /** Global norm of the first update's gradients, before clipping. */
  readonly norm: number;
  /** Gradients of the first update, unclipped. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Parameters after the last update, if requested. */
  readonly after: ReadonlyMap<string, Float32Array>;
  /** WQMIX: share of the first update's steps whose error was weighted by alpha in PyTorch. */
  readonly weighted?: number;
  /** PyTorch's version. */
  readonly torch?: string;
}

/** Reads what oracle.py wrote. */
export function decodeAnswer(file: Uint8Array): Answer {
  const { tensors, metadata } = decodeSafetensors(file);
  const named = (prefix: string) => tensorsNamed(tensors, prefix);
  return {
    losses: JSON.parse(metadata.losses) as number[],
    norm: JSON.parse(metadata.norm) as number,
    gradients: named("gradient."),
    after: named("after."),
    torch: metadata.torch,
    weighted: metadata.weighted === undefined ? undefined : (JSON.parse(metadata.weighted) as number),
  };
}

/** Makes the sparse engine's updates of a case by one of its rules. */
export async function sparseAnswer(given: Case, rule: Rule): Promise<Answer> {
  const engine = startCase(given, rule);
  const updateOnce = caseUpdate(given, rule);
  const losses: number[] = [];
  let norm = NaN;
  const gradients = new Map<string, Float32Array>();
  for (let update = 0; update < rule.updates; update++) {
    const statistics = await updateOnce(engine);
    losses.push(statistics.loss);
    if (update > 0) continue;
    norm = statistics.gradientNorm;
    for (const { name } of engine.parameters) gradients.set(name, engine.gradient(name).slice());
  }
  const after = rule.parameters ? engine.read("online") : new Map<string, Float32Array>();
  engine.dispose();
  return { losses, norm, gradients, after };
}

/**
 * Makes a sparse engine with the networks that a rule trains, with WQMIX's central networks only if the rule needs
 * them. It remembers no target values, since the timed batch is always the same.
 */
export function startCase(
  { shape, online, target, masks }: Case,
  { algorithm, masked }: Pick<Rule, "algorithm" | "masked">,
  options: EngineOptions = {},
): Engine<true> {
  const trained = algorithmShape(algorithm, shape);
  const names = new Set(networkParameters(trained).map(({ name }) => name));
  const used = <Value>(entries: ReadonlyMap<string, Value>) =>
    new Map([...entries].filter(([name]) => names.has(name)));
  const engine = createSparseEngine(trained, used(online), masked ? used(masks) : new Map(), {
    remember: false,
    ...options,
  });
  engine.write("target", used(target));
  return engine;
}

/** Makes one update from a sampled batch as training does, including its layout in groups. */
export function caseUpdate({ shape, episodes }: Pick<Case, "shape" | "episodes">, rule: Rule) {
  const { algorithm, operator, returns, discount, optimiser, wqmix, res } = rule;
  const config = { ...resolveConfig({ algorithm }), operator, returns, discount, optimiser, wqmix, res };
  return (engine: Engine) => {
    const groups = groupEpisodes(episodes, shape);
    return updateNetworks(engine, groups, countSteps(groups), config, rule.step);
  };
}

/**
 * Finds the largest of the relative differences of losses, norm, and each parameter's gradient (in L2 norm), with its
 * name.
 */
export function largestDifference(
  ours: Answer,
  theirs: Answer,
): { readonly difference: number; readonly where: string } {
  let worst = { difference: 0, where: "nothing" };
  const see = (difference: number, where: string) => {
    // The comparison is not a plain >, because NaN must count as a disagreement.
    if (!(difference <= worst.difference)) worst = { difference, where };
  };
  theirs.losses.forEach((loss, i) => see(relativeDistance([ours.losses[i]], [loss]), `loss ${i + 1}`));
  see(relativeDistance([ours.norm], [theirs.norm]), "norm of the gradients");
  const names = [...ours.gradients.keys()].sort().join();
  if (names !== [...theirs.gradients.keys()].sort().join())
    return { difference: Infinity, where: "the names of the gradients" };
  for (const [name, gradient] of theirs.gradients)
    see(relativeDistance(ours.gradients.get(name)!, gradient), `gradient of ${name}`);
  for (const [name, values] of theirs.after)
    see(relativeDistance(ours.after.get(name) ?? [], values), `${name} after the updates`);
  return worst;
}
