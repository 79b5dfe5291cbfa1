import type { Random } from "../random.js";

/** Everything that determines the shapes of QMIX's networks. */
export interface NetworkShape {
  readonly agents: number;
  readonly actions: number;
  readonly observation: number;
  readonly state: number;
  /** Units of the agent's first layer and of its GRU. Table 3: 64. */
  readonly hidden: number;
  /** Embedding of the mixing network. Table 3: 32. */
  readonly embed: number;
  /** Hidden units of the two-layer hypernetworks. Table 3: 64. */
  readonly hypernetEmbed: number;
}

/** One named tensor. */
export interface ParameterSpec {
  /** PyMARL's name, with the network in front: "agent.rnn.weight_ih", "mixer.hyper_w_1.0.weight", ... */
  readonly name: string;
  /** [out, in] for a weight matrix, [out] for a bias. */
  readonly shape: readonly number[];
  /** The network whose sparsity budget it belongs to. */
  readonly network: "agent" | "mixer";
  /** Weight matrices can be sparse; biases stay dense. */
  readonly maskable: boolean;
  /** Initial values are uniform in +-bound: 1/sqrt(fan in) for linear layers, 1/sqrt(hidden) for the GRU. */
  readonly bound: number;
}

/** Values by parameter name, dense and row-major. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/** Inputs of the agent network: observation, one-hot of the last action, one-hot of the agent's number (PyMARL's defaults). */
export function agentInput(shape: NetworkShape): number {
  return shape.observation + shape.actions + shape.agents;
}

/**
 * The parameters of QMIX in PyMARL's names, shapes and order: a recurrent agent shared by all agents and a monotonic
 * mixer with two-layer hypernetworks.
 */
export function qmixParameters(shape: NetworkShape): ParameterSpec[] {
  const { hidden, actions, state, embed, hypernetEmbed, agents } = shape;
  const specs: ParameterSpec[] = [];
  const linear = (network: "agent" | "mixer", name: string, out: number, input: number) => {
    const bound = 1 / Math.sqrt(input);
    specs.push({ name: `${network}.${name}.weight`, shape: [out, input], network, maskable: true, bound });
    specs.push({ name: `${network}.${name}.bias`, shape: [out], network, maskable: false, bound });
  };
  linear("agent", "fc1", hidden, agentInput(shape));
  const bound = 1 / Math.sqrt(hidden);
  specs.push({ name: "agent.rnn.weight_ih", shape: [3 * hidden, hidden], network: "agent", maskable: true, bound });
  specs.push({ name: "agent.rnn.weight_hh", shape: [3 * hidden, hidden], network: "agent", maskable: true, bound });
  specs.push({ name: "agent.rnn.bias_ih", shape: [3 * hidden], network: "agent", maskable: false, bound });
  specs.push({ name: "agent.rnn.bias_hh", shape: [3 * hidden], network: "agent", maskable: false, bound });
  linear("agent", "fc2", actions, hidden);
  linear("mixer", "hyper_w_1.0", hypernetEmbed, state);
  linear("mixer", "hyper_w_1.2", agents * embed, hypernetEmbed);
  linear("mixer", "hyper_w_final.0", hypernetEmbed, state);
  linear("mixer", "hyper_w_final.2", embed, hypernetEmbed);
  linear("mixer", "hyper_b_1", embed, state);
  linear("mixer", "V.0", embed, state);
  linear("mixer", "V.2", 1, embed);
  return specs;
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
