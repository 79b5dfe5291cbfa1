import { expect, it } from "vitest";
import { distributionShift, shiftConfigs } from "./distribution-shift.js";

it("pairs runs that differ in their buffers alone, in batches of 32", () => {
  const [dual, single] = shiftConfigs("classroom");
  expect(dual.replay).toMatchObject({ offlineBatch: 20, onlineBatch: 12, onlineCapacity: 128 });
  expect({ ...single, replay: dual.replay }).toEqual(dual);
  expect(single.replay).toMatchObject({ offlineBatch: 32, onlineBatch: 0 });
  expect(shiftConfigs("paper").length).toBe(16);
});

it("measures what batches hold on the way, in seconds in the smoke profile", async () => {
  const shares: number[] = [];
  const { table, figure, more, rows } = await distributionShift.measure("smoke", {
    onProgress: (share) => shares.push(share),
  });
  expect(shares.at(-1)).toBe(1);
  expect(shares.every((share, i) => i === 0 || share >= shares[i - 1])).toBe(true);
  const of = (sample: string) => rows.filter((row) => row.sample === sample);
  expect([of("offline").length, of("online").length, of("batch").length]).toEqual([6, 6, 6]);
  expect(of("age").length).toBeGreaterThan(0);
  for (const { distance, explored } of rows) for (const share of [distance, explored]) expect(share).toBeGreaterThan(0);
  expect(new Set(rows.map((row) => Object.keys(row).join())).size).toBe(1);
  // A batch from a single buffer is what that buffer holds.
  const [batch, offline] = ["batch", "offline"].map((sample) =>
    of(sample).find(({ onlineBatch }) => onlineBatch === 0)!,
  );
  expect(batch.distance).toBeCloseTo(offline.distance as number, 12);
  expect(figure.data.filter(({ showlegend, mode }) => mode === "lines" && showlegend === undefined).length).toBe(3);
  expect(more!.age.data.length).toBeGreaterThan(0);
  expect(table.rows.every((row) => row.length === table.columns.length)).toBe(true);
}, 60_000);

it("stops with the signal's reason", async () => {
  await expect(distributionShift.measure("smoke", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
    "enough",
  );
  const controller = new AbortController();
  const measured = distributionShift.measure("smoke", {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("that will do")),
  });
  await expect(measured).rejects.toThrow("that will do");
}, 60_000);
