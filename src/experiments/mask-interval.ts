import { ablations } from "./ablation.js";

export const [
  /** How often should connections move? MAST on QMIX with the intervals delta_m of Table 10. */
  maskInterval,
  /** The same question on OW-QMIX. */
  maskIntervalOwQmix,
] = ablations({
  id: "mask-interval",
  title: "Interval of the mask updates",
  about: "How often connections move: MAST with five intervals δₘ, from 20 to 2,000 episodes",
  columns: {
    title: "δₘ, episodes",
    symbol: "δₘ",
    settings: [20, 100, 200, 1000, 2000].map((interval) => ({
      label: String(interval),
      input: { topology: { interval } },
    })),
  },
  table: "table-10",
  source: "Table 10 (two million steps)",
});
