import { methodOf } from "../methods.js";
import { type Algorithm, algorithmOf } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import type { PartFile } from "../parts/registry.js";
import { show } from "../messages.js";
import { ConfigError } from "./error.js";
import { explainValue } from "./explain.js";
import { NAMING_FIELDS, namesFor, type NamingField } from "./names.js";
import { MOST_EPISODES, type Parsed } from "./schema.js";

/**
 * Refuses names of parts that do not exist.
 * @throws {ConfigError} listing the names that exist
 */
export function refuseUnknownNames(config: Parsed, files: readonly PartFile[]): void {
  const { environment, algorithm, method, topology, operator } = config;
  const given = { environment, algorithm, method, "topology.grow": topology.grow, "operator.kind": operator.kind };
  // Some environments are made from their names, so that no list has them all.
  const known = (field: NamingField) =>
    field === "environment"
      ? environments.find(environment, files) !== undefined
      : namesFor(field, files).includes(given[field]);
  for (const field of NAMING_FIELDS) if (!known(field)) throw new ConfigError(explainValue(field, given[field], files));
}

/** The most records that a run may write: reading a run puts all of them in memory. */
const MOST_RECORDS = 1_000_000;

/**
 * Refuses combinations of values that are allowed one by one but make no sense together.
 * @throws {ConfigError} naming the field to change
 */
export function refuseImpossible(config: Parsed, parts: readonly PartFile[]): void {
  const {
    steps,
    evaluation,
    log,
    algorithm,
    method,
    engine,
    backend,
    sparsity,
    topology,
    operator,
    replay,
    exploration,
    network,
    ticket,
    extend,
    from,
  } = config;
  const refuse = (field: string, given: unknown, why: string): never => {
    throw new ConfigError(`config: ${field} is ${show(given)}, ${why}`);
  };
  if (backend !== undefined && engine === "sparse")
    refuse("backend", backend, 'but the sparse engine has no backends: leave it out, or choose engine "tensorflow"');
  const { networks = "sparse" } = methodOf({ method, parts });
  const part = algorithmOf({ algorithm, parts });
  const title = part.title ?? algorithm;
  if (config.wqmix && !part.sections?.includes("wqmix"))
    refuse(
      "wqmix",
      config.wqmix,
      `but ${title} has no weighted loss: leave it out, or choose algorithm "ow-qmix" or "cw-qmix"`,
    );
  const unrestricted = Object.values<string>(part.networks).includes("unrestricted");
  if (network.centralEmbed !== undefined && !unrestricted)
    refuse(
      "network.centralEmbed",
      network.centralEmbed,
      `but ${title} has no unrestricted networks: leave it out, or choose algorithm "ow-qmix" or "cw-qmix"`,
    );
  if (unrestricted && network.centralEmbed === undefined)
    refuse(
      "network.centralEmbed",
      undefined,
      `but ${title} has unrestricted networks: give their width, for example 256`,
    );
  refuseOfTransitions(config, part, refuse);
  if (part.learnsFrom !== "transitions" && part.alwaysDoubleQ && operator.kind === "max" && !operator.doubleQ)
    refuse(
      "operator.doubleQ",
      false,
      `but in ${title} the restricted networks always choose the joint action that is valued: leave it out`,
    );
  if (config.res && !part.sections?.includes("res"))
    refuse(
      "res",
      config.res,
      `but ${title} has no softmax over joint actions: leave it out, or choose algorithm "res"`,
    );
  if (networks === "dense" && sparsity.level > 0)
    refuse(
      "sparsity.level",
      sparsity.level,
      `but method "${method}" has none: leave it out, or choose a sparse method`,
    );
  if (networks === "tiny" && sparsity.level === 0)
    refuse(
      "sparsity.level",
      0,
      `but method "${method}" matches the size of a sparse network: give its sparsity, for example 0.9`,
    );
  if (networks === "tiny" && topology.grow !== "none")
    refuse(
      "topology.grow",
      topology.grow,
      `but the networks of method "${method}" are dense and have no topology to evolve: leave it out`,
    );
  if (topology.grow !== "none" && sparsity.level === 0)
    refuse(
      "topology.grow",
      topology.grow,
      'but a dense network (sparsity.level 0) has no topology to evolve: set it to "none"',
    );
  if (ticket) {
    if (ticket.kind === undefined) throw new ConfigError(explainValue("ticket.kind", undefined));
    if (ticket.kind !== "random" && ticket.source === undefined)
      refuse(
        "ticket.kind",
        ticket.kind,
        "but ticket.source is missing: name the run that its topology comes from (see `mast runs`)",
      );
    if (ticket.kind === "random" && ticket.source !== undefined)
      refuse("ticket.source", ticket.source, "but a random ticket comes from no run: leave it out");
    if (networks === "tiny" || sparsity.level === 0)
      refuse(
        "ticket.kind",
        ticket.kind,
        `but the networks of method "${method}" are dense: choose a sparse method and its sparsity.level`,
      );
    if (topology.grow !== "none")
      refuse("topology.grow", topology.grow, "but the topology of a ticket is fixed: leave it out");
  }
  if (extend && extend.run === undefined) throw new ConfigError(explainValue("extend.run", undefined));
  if (from) {
    for (const field of ["source", "sha256"] as const)
      if (from[field] === undefined) throw new ConfigError(explainValue(`from.${field}`, undefined));
    if (ticket)
      refuse("from.source", from.source, "but a ticket takes its topology from another run: leave one of the two out");
  }
  if (replay.offlineBatch + replay.onlineBatch < 1)
    refuse("replay.offlineBatch", replay.offlineBatch, "and replay.onlineBatch 0: a batch needs at least one episode");
  if (replay.offlineBatch > replay.offlineCapacity)
    refuse("replay.offlineBatch", replay.offlineBatch, `more than replay.offlineCapacity ${replay.offlineCapacity}`);
  if (replay.onlineBatch > replay.onlineCapacity)
    refuse("replay.onlineBatch", replay.onlineBatch, `more than replay.onlineCapacity ${replay.onlineCapacity}`);
  if (replay.onlineCapacity > replay.offlineCapacity)
    refuse(
      "replay.onlineCapacity",
      replay.onlineCapacity,
      `more than replay.offlineCapacity ${replay.offlineCapacity}: the online buffer holds the newest part of the offline one`,
    );
  if (replay.dynamic && replay.offlineBatch === 0)
    refuse(
      "replay.dynamic",
      replay.dynamic,
      "but nothing is sampled from the offline buffer (replay.offlineBatch 0): leave it out",
    );
  if (exploration.end > exploration.start)
    refuse("exploration.end", exploration.end, `above exploration.start ${exploration.start}: exploration only decays`);
  const evaluations = Math.floor(steps / evaluation.interval);
  if (evaluations > MOST_RECORDS / 10)
    refuse(
      "evaluation.interval",
      evaluation.interval,
      `which makes ${evaluations.toLocaleString("en")} evaluations in ${steps.toLocaleString("en")} steps: give at least ${leastInterval(steps, MOST_RECORDS / 10)}`,
    );
  if (steps / log.interval > MOST_RECORDS)
    refuse(
      "log.interval",
      log.interval,
      `which makes ${Math.floor(steps / log.interval).toLocaleString("en")} records in ${steps.toLocaleString("en")} steps: give at least ${leastInterval(steps, MOST_RECORDS)}`,
    );
}

/** Settings that belong to learning from transitions, or to learning from episodes. */
function refuseOfTransitions(
  config: Parsed,
  part: Algorithm,
  refuse: (field: string, given: unknown, why: string) => never,
): void {
  const { algorithm, method, replay, exploration, optimiser, crossEntropy, targetTau } = config;
  const title = part.title ?? algorithm;
  if (exploration.entropy !== undefined && (part.learnsFrom === "transitions" || !part.actor))
    refuse(
      "exploration.entropy",
      exploration.entropy,
      `but ${title} does not draw its actions from policies: leave it out, or choose algorithm "facmac-discrete"`,
    );
  if (crossEntropy && !part.sections?.includes("crossEntropy"))
    refuse(
      "crossEntropy",
      crossEntropy,
      `but ${title} does not search for actions: leave it out, or choose algorithm "comix"`,
    );
  if (crossEntropy && crossEntropy.elites > crossEntropy.samples)
    refuse("crossEntropy.elites", crossEntropy.elites, `more than crossEntropy.samples ${crossEntropy.samples}`);
  if (part.learnsFrom !== "transitions") {
    const ofAdam = [
      ["optimiser.kind", optimiser.kind],
      ["optimiser.beta1", optimiser.beta1],
      ["optimiser.actorLearningRate", optimiser.actorLearningRate],
    ] as const;
    for (const [field, given] of [
      ["targetTau", targetTau],
      ["exploration.noise", exploration.noise],
      ["exploration.uniform", exploration.uniform],
      ...(part.actor ? [] : ofAdam),
    ] as const)
      if (given !== undefined)
        refuse(field, given, `which ${title} does not have: leave it out, or choose algorithm "comix" or "facmac"`);
    if (part.actor) refuseOfPolicies(config, title, refuse);
    for (const field of ["offlineCapacity", "onlineCapacity"] as const)
      if (replay[field] > MOST_EPISODES)
        refuse(
          `replay.${field}`,
          replay[field],
          `more episodes than can be kept; allowed: a whole number from 1 to ${MOST_EPISODES.toLocaleString("en")}`,
        );
    return;
  }
  if (optimiser.kind === undefined) refuse("optimiser.kind", undefined, `but ${title} learns by Adam: give "adam"`);
  if (replay.dynamic)
    refuse(
      "replay.dynamic",
      replay.dynamic,
      `but RLx2's buffer compares discrete actions of whole episodes, and ${title} learns from transitions: choose another method than "${method}"`,
    );
  if (optimiser.actorLearningRate !== undefined)
    refuse(
      "optimiser.actorLearningRate",
      optimiser.actorLearningRate,
      `but ${title} has one learning rate: leave it out`,
    );
  if (part.policy) refuseOfPolicies(config, title, refuse);
}

/** Settings that mean nothing where a policy names the next actions. */
function refuseOfPolicies(
  { operator, optimiser }: Parsed,
  title: string,
  refuse: (field: string, given: unknown, why: string) => never,
): void {
  if (optimiser.kind === undefined) refuse("optimiser.kind", undefined, `but ${title} learns by Adam: give "adam"`);
  if (operator.kind !== "max")
    refuse(
      "operator.kind",
      operator.kind,
      `but ${title} takes no maximum that could be softened, since a policy names the next action: give "max", or choose another algorithm`,
    );
}

function leastInterval(steps: number, records: number): string {
  return Math.ceil(steps / records).toLocaleString("en");
}
