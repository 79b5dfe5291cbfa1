import { ABLATION, ablations } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid, type Setting } from "./grid.js";

/** Parts of eight from the offline and from the online buffer: b₁ : b₂ of Table 9. */
const ratio = (offline: number, online: number): Setting => ({
  label: `${offline} : ${online}`,
  input: { replay: { offlineBatch: 4 * offline, onlineBatch: 4 * online } },
});

export const [
  /** How much of a batch should be recent? MAST on QMIX with the ratios of Table 9. */
  bufferRatio,
  /** The same question on OW-QMIX. */
  bufferRatioOwQmix,
] = ablations({
  id: "buffer-ratio",
  title: "Batches from the offline and the online buffer",
  about: "MAST with six shares of recent episodes in a batch of 32, from none to all",
  columns: {
    title: "offline : online",
    symbol: "offline : online",
    settings: [ratio(8, 0), ratio(6, 2), ratio(5, 3), ratio(3, 5), ratio(2, 6), ratio(0, 8)],
  },
  table: "table-9",
  source: "Table 9 (3s5z, 2M steps)",
});

/** What do two buffers do for a sparse team, and for a dense one? */
export const singleBuffers: Experiment = grid({
  ...ABLATION,
  id: "single-buffers",
  title: "Training with either buffer, and with both",
  about: "RigL with the offline buffer alone, the online buffer alone, and both; a dense team beside it",
  reproduces: "Figure 6",
  rows: {
    title: "Method",
    settings: [
      { label: "RigL", input: { method: "rigl" } },
      { label: "Dense", input: { method: "dense", sparsity: { level: 0 } } },
    ],
  },
  columns: {
    title: "Buffers",
    settings: [
      { label: "offline", input: { replay: { offlineBatch: 32, onlineBatch: 0 } } },
      { label: "online", input: { replay: { offlineBatch: 0, onlineBatch: 32 } } },
      { label: "both", input: { replay: { offlineBatch: 20, onlineBatch: 12 } } },
    ],
  },
  // A dense team takes five times as long as a sparse one; that both buffers do not help it needs two cells.
  without: ({ row, column }) => row === "Dense" && column === "online",
});
