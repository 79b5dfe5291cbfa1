import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { deflateSync, zipSync } from "fflate";
import {
  type Config,
  createEnvironment,
  greedyPolicy,
  networkPlan,
  relativeCost,
  resolveConfig,
  restoreNetworks,
  setHost,
  train,
  type TrainState,
} from "mast-lab/core";
import kernelsUrl from "../../src/networks/kernels/built/kernels.wasm?url";
import { inputBlocks } from "../../src/figures/features.js";
import { recordEpisode } from "../../src/figures/recording.js";
import type { Checksum } from "../../src/runs/checksum.js";
import { keepInMemory, type MemoryRun } from "../../src/runs/memory-run.js";
import type { News, Order } from "./messages.js";

/** This module trains one run in a Web Worker. It is the core of the lab with a browser as its host. */

const tell = (news: News) => self.postMessage(news);

/** Seconds between checkpoints. The battle on show, and the run that can be downloaded, are at most this old. */
const CHECKPOINT_SECONDS = 2;

// Training goes on in turns, fifty a second. A timer would cost four milliseconds of each turn, but a message to
// oneself costs nothing.
const turns = new MessageChannel();
const waiting: (() => void)[] = [];
turns.port1.onmessage = () => waiting.shift()?.();
const nextTurn = () =>
  new Promise<void>((resolve) => {
    waiting.push(resolve);
    turns.port2.postMessage(0);
  });

/** A promise that is resolved while training goes on, and otherwise resolves when training goes on again. */
const gate = { open: Promise.resolve(), release: () => {}, closed: false, stepping: false };
let pausedSince = 0;
let pausedSeconds = 0;
/**
 * Environment steps of the last record, -1 before the first. Several records may belong to one moment, and "step" goes
 * on to a later one.
 */
let reached = -1;
let stoodAt = -1;

function pause(): void {
  gate.stepping = false;
  if (gate.closed) return;
  gate.closed = true;
  pausedSince = performance.now();
  gate.open = new Promise((resolve) => (gate.release = resolve));
}

function go(): void {
  if (!gate.closed) return;
  gate.closed = false;
  pausedSeconds += (performance.now() - pausedSince) / 1000;
  gate.release();
}

setHost({
  kernels: () => Uint8Array.from(atob(kernelsUrl.slice(kernelsUrl.indexOf(",") + 1)), (c) => c.charCodeAt(0)),
  async nextTurn() {
    await nextTurn();
    await gate.open;
  },
});

function checksum(): Checksum {
  const sum = sha256.create();
  const text = new TextEncoder();
  return {
    add: (content) => void sum.update(typeof content === "string" ? text.encode(content) : content),
    hex: () => bytesToHex(sum.clone().digest()),
  };
}

let kept: MemoryRun | undefined;
/** The last checkpoint, whose team plays the battle. */
let team: { readonly config: Config; readonly state: TrainState } | undefined;
let seed = 1;

async function run(config: Config): Promise<void> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000 - pausedSeconds;
  kept = keepInMemory(config, { sha256: checksum, deflate: (bytes) => deflateSync(bytes) }, seconds);
  introduce(config, kept.name);
  for await (const record of train(config, { checkpointEvery: CHECKPOINT_SECONDS })) {
    kept.write(record);
    switch (record.kind) {
      case "train":
        tell({ ...record, seconds: seconds() });
        break;
      case "evaluation":
        tell(record);
        break;
      case "topology":
        tell({ kind: "topology", step: record.step, evolution: record.evolution, masks: record.masks });
        break;
      case "checkpoint":
      case "end":
        team = { config, state: record.state };
        tell({ kind: "checkpoint", step: record.step });
        play();
        if (record.kind === "end") tell({ kind: "end", step: record.step, score: record.score, seconds: seconds() });
        break;
    }
    reached = Math.max(reached, record.step);
    if (gate.stepping && record.kind !== "checkpoint" && record.step > stoodAt) {
      pause();
      tell({ kind: "stepped" });
    }
    await gate.open;
  }
}

/** Tells what the networks of a configuration are like. */
function introduce(config: Config, name: string): void {
  const { parameters, nonzeros, cost, dense } = networkPlan(config);
  const relative = relativeCost(cost, dense.cost);
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  tell({
    kind: "started",
    name,
    layers: parameters.flatMap(({ name, shape, maskable }) =>
      maskable ? [{ name, outputs: shape[0], inputs: shape[1] }] : [],
    ),
    inputs: inputBlocks(environmentOf(config)).map(({ name, start, length }) => ({ name, start, length })),
    parameters: parameters.reduce((sum, { name, shape }) => sum + (nonzeros.get(name) ?? size(shape)), 0),
    size: relative.totalSize,
    flops: relative.trainFlops,
  });
}

/** Lets the team of the last checkpoint play the present battle. */
function play(): void {
  if (team === undefined) return;
  const { config, state } = team;
  const engine = restoreNetworks(config, state);
  try {
    const { frames, rewards, won } = recordEpisode(environmentOf(config), greedyPolicy(engine.createActor(1)), seed);
    const episodeReturn = rewards.reduce((sum, reward) => sum + reward, 0);
    tell({ kind: "battle", seed, trained: state.progress.step, won, episodeReturn, frames });
  } finally {
    engine.dispose();
  }
}

function environmentOf({ environment, rules, options }: Config) {
  return createEnvironment(environment, { rules, ...(options?.environment && { options: options.environment }) });
}

function giveFiles(): void {
  const files = kept?.files();
  if (kept === undefined || files === undefined) return;
  const folder = Object.fromEntries([...files].map(([file, bytes]) => [`${kept!.name}/${file}`, bytes]));
  tell({ kind: "files", name: kept.name, zip: zipSync(folder, { level: 6 }) });
}

self.onmessage = ({ data: order }: MessageEvent<Order>) => {
  switch (order.kind) {
    case "train":
      if (order.paused) pause();
      run(resolveConfig(order.config)).catch((error: unknown) =>
        tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
      );
      break;
    case "pause":
      pause();
      break;
    case "go":
      gate.stepping = false;
      go();
      break;
    case "step":
      gate.stepping = true;
      stoodAt = reached;
      go();
      break;
    case "battle":
      seed = order.seed;
      play();
      break;
    case "files":
      giveFiles();
      break;
  }
};
