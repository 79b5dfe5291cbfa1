import type { Parts } from "mast-lab/parts";

/**
 * RigL's rule with a taste for hubs: the gradient of an absent connection counts more, the more connections its unit
 * has already. With `strength` 0 it is RigL's own.
 */
export default {
  growth: {
    hubs: {
      title: "RigL with hubs",
      gradients: true,
      options: { strength: 0.5 },
      scores({ absent, gradient, mask, shape: [outputs, inputs], options }) {
        const connections = new Float64Array(outputs!);
        mask.forEach((bit, index) => (connections[Math.floor(index / inputs!)] += bit));
        const most = Math.max(1, ...connections);
        return Float32Array.from(absent, (index) => {
          const share = connections[Math.floor(index / inputs!)] / most;
          return Math.abs(gradient![index]) * (1 + Number(options["strength"]) * share);
        });
      },
    },
  },
  methods: {
    // RigL in everything else.
    "rigl-hubs": {
      title: "RigL, hubs",
      defaults: {
        topology: { grow: "hubs" },
        operator: { kind: "max" },
        returns: { kind: "one-step" },
        replay: { offlineBatch: 32, onlineBatch: 0 },
      },
    },
  },
} satisfies Parts;
