import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { createEpisodeBuffer } from "./buffer.js";
import { addEpisode, canSample, createDualBuffer, sampleBatch, splitBatch, storedEpisodes } from "./dual.js";
import type { Episode } from "./episode.js";

const episode = (index: number): Episode => ({
  index,
  seed: index,
  length: 1,
  observations: new Float32Array(2),
  states: new Float32Array(2),
  availableActions: new Uint8Array(2),
  actions: new Uint8Array(1),
  rewards: new Float32Array(1),
  terminal: true,
});
const indices = (episodes: readonly Episode[]) => episodes.map((stored) => stored.index);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("createEpisodeBuffer", () => {
  it("keeps the newest episodes, oldest first", () => {
    const buffer = createEpisodeBuffer(5);
    for (let i = 0; i < 23; i++) {
      buffer.add(episode(i));
      expect(indices(buffer.episodes())).toEqual(range(Math.max(0, i - 4), i + 1));
      expect(buffer.size).toBe(Math.min(i + 1, 5));
    }
  });

  it("drops its oldest episodes and goes on as a buffer that never had them", () => {
    const buffer = createEpisodeBuffer(5);
    for (let i = 0; i < 8; i++) buffer.add(episode(i));
    expect(indices(buffer.oldest(3))).toEqual([3, 4, 5]);
    buffer.drop(2);
    expect([buffer.size, indices(buffer.episodes()), indices(buffer.oldest(9))]).toEqual([3, [5, 6, 7], [5, 6, 7]]);
    for (let i = 8; i < 12; i++) buffer.add(episode(i));
    expect(indices(buffer.episodes())).toEqual([7, 8, 9, 10, 11]);
    buffer.drop(99);
    expect(buffer.size).toBe(0);
  });

  it("samples without replacement", () => {
    const buffer = createEpisodeBuffer(50);
    const random = createRandom(1);
    for (let i = 0; i < 70; i++) buffer.add(episode(i));
    for (let i = 0; i < 200; i++) {
      const sample = indices(buffer.sample(32, random));
      expect(new Set(sample).size).toBe(32);
      for (const index of sample) expect(index).toBeGreaterThanOrEqual(20);
    }
    expect(indices(buffer.sample(50, random)).sort((a, b) => a - b)).toEqual(range(20, 70));
  });

  it("samples every episode equally often, at every place of the sample", () => {
    const buffer = createEpisodeBuffer(6);
    const random = createRandom(2);
    for (let i = 0; i < 6; i++) buffer.add(episode(i));
    const counts = Array.from({ length: 3 }, () => new Float64Array(6));
    const draws = 6000;
    for (let i = 0; i < draws; i++) indices(buffer.sample(3, random)).forEach((index, place) => counts[place][index]++);
    // The count is binomial with p = 1/6, so its standard deviation is 28.9; five of them are allowed.
    for (const places of counts) for (const count of places) expect(Math.abs(count - draws / 6)).toBeLessThan(145);
  });

  it("samples the same after it was refilled from its episodes", () => {
    const buffer = createEpisodeBuffer(40);
    for (let i = 0; i < 95; i++) buffer.add(episode(i));
    const refilled = createEpisodeBuffer(40);
    for (const stored of buffer.episodes()) refilled.add(stored);
    expect(indices(refilled.sample(32, createRandom(3)))).toEqual(indices(buffer.sample(32, createRandom(3))));
    expect(indices(buffer.sample(32, createRandom(4)))).not.toEqual(indices(buffer.sample(32, createRandom(3))));
  });

  it("refuses to sample more than it holds, and an impossible capacity", () => {
    const buffer = createEpisodeBuffer(4);
    buffer.add(episode(0));
    expect(() => buffer.sample(2, createRandom(1))).toThrow(
      "Cannot sample 2 episodes without replacement from a replay buffer that holds 1",
    );
    expect(() => createEpisodeBuffer(2.5)).toThrow("capacity 2.5");
  });
});

describe("createDualBuffer", () => {
  const options = { offlineCapacity: 100, onlineCapacity: 16, offlineBatch: 20, onlineBatch: 12 };

  it("samples its parts from all episodes and from the recent ones", () => {
    const buffers = createDualBuffer(options);
    const random = createRandom(5);
    for (let i = 0; i < 150; i++) addEpisode(buffers, episode(i));
    expect(indices(storedEpisodes(buffers))).toEqual(range(50, 150));
    let old = 0;
    for (let i = 0; i < 50; i++) {
      const batch = indices(sampleBatch(buffers, random));
      expect(batch.length).toBe(32);
      expect(new Set(batch.slice(0, 20)).size).toBe(20);
      expect(new Set(batch.slice(20)).size).toBe(12);
      for (const index of batch.slice(20)) expect(index).toBeGreaterThanOrEqual(134);
      for (const index of batch.slice(0, 20)) expect(index).toBeGreaterThanOrEqual(50);
      old += batch.slice(0, 20).filter((index) => index < 134).length;
    }
    // Of the 100 offline episodes 84 are older, so 840 of 1,000 are expected.
    expect(Math.abs(old - 840)).toBeLessThan(60);
  });

  it("can be sampled from the episode on that completes a batch", () => {
    const buffers = createDualBuffer({ ...options, onlineCapacity: 128 });
    for (let i = 0; i < 31; i++) addEpisode(buffers, episode(i));
    expect(canSample(buffers)).toBe(false);
    addEpisode(buffers, episode(31));
    expect(canSample(buffers)).toBe(true);
    expect(sampleBatch(buffers, createRandom(1)).length).toBe(32);
  });

  it("can be sampled although the online buffer is smaller than a batch", () => {
    const buffers = createDualBuffer(options);
    for (let i = 0; i < 32; i++) addEpisode(buffers, episode(i));
    expect(canSample(buffers)).toBe(true);
  });

  it.each([
    [8, 0, range(0, 60)],
    [0, 8, range(20, 60)],
  ])("is a single buffer at %i : %i", (offline, online, expected) => {
    const buffers = createDualBuffer({ offlineCapacity: 100, onlineCapacity: 40, ...splitBatch(offline, online) });
    for (let i = 0; i < 60; i++) addEpisode(buffers, episode(i));
    expect(canSample(buffers)).toBe(true);
    expect(indices(storedEpisodes(buffers))).toEqual(expected);
    expect(Math.min(buffers.offline.size, buffers.online.size)).toBe(0);
    expect(new Set(indices(sampleBatch(buffers, createRandom(1)))).size).toBe(32);
  });

  it("is restored by adding what it stored", () => {
    const buffers = createDualBuffer(options);
    for (let i = 0; i < 133; i++) addEpisode(buffers, episode(i));
    const restored = createDualBuffer(options);
    for (const stored of storedEpisodes(buffers)) addEpisode(restored, stored);
    expect(indices(sampleBatch(restored, createRandom(9)))).toEqual(indices(sampleBatch(buffers, createRandom(9))));
  });

  it("splits a batch as Table 9", () => {
    const partitions = [
      [8, 0],
      [6, 2],
      [5, 3],
      [3, 5],
      [2, 6],
      [0, 8],
    ].map(([a, b]) => splitBatch(a, b));
    expect(partitions.map(({ offlineBatch, onlineBatch }) => [offlineBatch, onlineBatch])).toEqual([
      [32, 0],
      [24, 8],
      [20, 12],
      [12, 20],
      [8, 24],
      [0, 32],
    ]);
    expect(() => splitBatch(5, 3, 30)).toThrow("A batch of 30 episodes cannot be split 5 : 3");
  });

  it("refuses batches that cannot be drawn", () => {
    expect(() => createDualBuffer({ ...options, onlineBatch: 17 })).toThrow("onlineBatch is 17");
    expect(() => createDualBuffer({ ...options, offlineBatch: 0, onlineBatch: 0 })).toThrow("both 0");
  });
});
