import { LabError } from "../errors.js";
import type { Random } from "../random.js";

/** Everything that determines the shapes of an algorithm's networks. */
export interface NetworkShape {
  /** Number of agents, which share one network. */
  readonly agents: number;
  /** Number of actions of each agent. */
  readonly actions: number;
  /** Entries of one agent's observation. */
  readonly observation: number;
  /** Entries of the global state. */
  readonly state: number;
  /** Units of the agent's first layer and of its GRU. Table 3: 64. */
  readonly hidden: number;
  /** Embedding of the mixing network. Table 3: 32. */
  readonly embed: number;
  /** Hidden units of the two-layer hypernetworks. Table 3: 64. */
  readonly hypernetEmbed: number;
  /** Hidden units of WQMIX's unrestricted mixing network. If it is set, there are central networks. Table 3: 256. */
  readonly centralEmbed?: number;
  /**
   * The way in which the team's value is made if not by QMIX's monotonic mixing network: as the "sum" of the agents'
   * values (VDN), which has no parameters, or not at all ("none", IQL), where `mixer` gives the agents' mean for
   * reports only.
   */
  readonly mixer?: "sum" | "none";
  /**
   * True where FACMAC's critic of discrete actions learns beside the recurrent agents, which are its actor: a
   * feed-forward network of what an agent sees and does, whose two hidden layers have `hidden` units.
   */
  readonly critic?: true;
  /**
   * Feed-forward networks in the place of recurrent agents, where actions are continuous: "agent" and "critic" value
   * what an agent sees and does, "actor" gives its action. Their two hidden layers have `hidden` units.
   */
  readonly networks?: readonly FeedForwardName[];
}

/** The feed-forward networks that algorithms of continuous actions have beside the mixer. */
export type FeedForwardName = "agent" | "critic" | "actor";

/** Names of the networks of an engine, each of which has its own sparsity budget. */
export type NetworkName = "agent" | "mixer" | "central_agent" | "central_mixer" | "critic" | "actor";

/** One named tensor. */
export interface ParameterSpec {
  /** PyMARL's name, with the network in front: "agent.rnn.weight_ih", "mixer.hyper_w_1.0.weight", ... */
  readonly name: string;
  /** Shape: [out, in] for a weight matrix, [out] for a bias. */
  readonly shape: readonly number[];
  /** The network whose sparsity budget it belongs to. */
  readonly network: NetworkName;
  /** Whether it can be sparse: weight matrices can, biases stay dense. */
  readonly maskable: boolean;
  /**
   * Bound of the initial values, which are uniform in +-bound: 1/sqrt(fan in) for linear layers, 1/sqrt(hidden) for the
   * GRU.
   */
  readonly bound: number;
}

/** Values by parameter name, dense and row-major. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/**
 * Counts the inputs of the agent network: observation, one-hot of the last action, one-hot of the agent's number
 * (PyMARL's defaults).
 */
export function agentInput(shape: NetworkShape): number {
  return shape.observation + shape.actions + shape.agents;
}

/**
 * Lists the parameters of all networks in PyMARL's names, shapes and order: a recurrent agent shared by all agents and
 * a monotonic mixer with two-layer hypernetworks (none if `mixer` names another mixer); with `centralEmbed` also
 * WQMIX's unrestricted agent, of the same shape, and its feed-forward mixer. With `networks` these are in the agent's
 * place.
 */
export function networkParameters(shape: NetworkShape): ParameterSpec[] {
  const { hidden, actions, state, embed, hypernetEmbed, agents, centralEmbed, mixer, networks, critic } = shape;
  const specs: ParameterSpec[] = [];
  const linear = (network: NetworkName, name: string, out: number, input: number) => {
    const bound = 1 / Math.sqrt(input);
    specs.push({ name: `${network}.${name}.weight`, shape: [out, input], network, maskable: true, bound });
    specs.push({ name: `${network}.${name}.bias`, shape: [out], network, maskable: false, bound });
  };
  const recurrentAgent = (network: NetworkName) => {
    linear(network, "fc1", hidden, agentInput(shape));
    const bound = 1 / Math.sqrt(hidden);
    specs.push({ name: `${network}.rnn.weight_ih`, shape: [3 * hidden, hidden], network, maskable: true, bound });
    specs.push({ name: `${network}.rnn.weight_hh`, shape: [3 * hidden, hidden], network, maskable: true, bound });
    specs.push({ name: `${network}.rnn.bias_ih`, shape: [3 * hidden], network, maskable: false, bound });
    specs.push({ name: `${network}.rnn.bias_hh`, shape: [3 * hidden], network, maskable: false, bound });
    linear(network, "fc2", actions, hidden);
  };
  if (networks === undefined) recurrentAgent("agent");
  for (const name of networks ?? (critic ? (["critic"] as const) : []))
    specs.push(...feedForwardParameters(name, { ...feedForwardSizes(shape, name), hidden }));
  if (mixer === undefined) {
    linear("mixer", "hyper_w_1.0", hypernetEmbed, state);
    linear("mixer", "hyper_w_1.2", agents * embed, hypernetEmbed);
    linear("mixer", "hyper_w_final.0", hypernetEmbed, state);
    linear("mixer", "hyper_w_final.2", embed, hypernetEmbed);
    linear("mixer", "hyper_b_1", embed, state);
    linear("mixer", "V.0", embed, state);
    linear("mixer", "V.2", 1, embed);
  }
  if (centralEmbed !== undefined && networks === undefined) {
    recurrentAgent("central_agent");
    linear("central_mixer", "net.0", centralEmbed, state + agents);
    linear("central_mixer", "net.2", centralEmbed, centralEmbed);
    linear("central_mixer", "net.4", centralEmbed, centralEmbed);
    linear("central_mixer", "net.6", 1, centralEmbed);
    linear("central_mixer", "V.0", centralEmbed, state);
    linear("central_mixer", "V.2", 1, centralEmbed);
  }
  return specs;
}

/** Returns the numbers of inputs and outputs of a feed-forward network of a shape. */
export function feedForwardSizes(
  { observation, actions }: NetworkShape,
  name: FeedForwardName,
): { readonly input: number; readonly output: number } {
  return name === "actor" ? { input: observation, output: actions } : { input: observation + actions, output: 1 };
}

/**
 * Lists the parameters of a network with two hidden layers: fc1, fc2, fc3.
 *
 * @param input number of inputs
 * @param output number of outputs
 */
export function feedForwardParameters(
  network: NetworkName,
  { input, hidden, output }: { readonly input: number; readonly hidden: number; readonly output: number },
): ParameterSpec[] {
  return [["fc1", hidden, input] as const, ["fc2", hidden, hidden] as const, ["fc3", output, hidden] as const].flatMap(
    ([name, out, from]) => {
      const bound = 1 / Math.sqrt(from);
      return [
        { name: `${network}.${name}.weight`, shape: [out, from], network, maskable: true, bound },
        { name: `${network}.${name}.bias`, shape: [out], network, maskable: false, bound },
      ];
    },
  );
}

/** Draws initial values, in the order of `specs`, each uniform in +-bound (PyTorch's defaults). */
export function initialParameters(specs: readonly ParameterSpec[], random: Random): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape, bound } of specs) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.float() - 1) * bound;
    parameters.set(name, values);
  }
  return parameters;
}

/** Makes functions that check names and sizes of parameters for an engine. */
export function parameterChecks(specs: readonly ParameterSpec[]) {
  const sizeOf = new Map(specs.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]));
  const maskable = new Set(specs.filter(({ maskable }) => maskable).map(({ name }) => name));
  return {
    /** @throws {Error} when there is no such parameter, or it has another number of values */
    check(name: string, length?: number): void {
      const size = sizeOf.get(name);
      if (size === undefined)
        throw new LabError(`Unknown parameter "${name}"; there are ${[...sizeOf.keys()].join(", ")}.`);
      if (length !== undefined && length !== size)
        throw new LabError(`Parameter "${name}" has ${size} values, got ${length}.`);
    },
    /** @throws {Error} when it is no weight matrix */
    checkMaskable(name: string): void {
      if (!maskable.has(name))
        throw new LabError(`"${name}" has no mask; weight matrices have: ${[...maskable].join(", ")}.`);
    },
    /** @throws {Error} when one is missing */
    checkComplete(parameters: Parameters): void {
      for (const name of sizeOf.keys())
        if (!parameters.has(name)) throw new LabError(`No initial values for parameter "${name}".`);
    },
  };
}
