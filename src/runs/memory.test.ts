import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { availableMemory, memoryOf } from "./memory.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mast-memory-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function system(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

describe("availableMemory", () => {
  const meminfo = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n";

  it("is what the system has where nothing limits the process", () => {
    system({
      "proc/meminfo": meminfo,
      "proc/self/cgroup": "0::/user.slice\n",
      "sys/fs/cgroup/user.slice/memory.max": "max\n",
      "sys/fs/cgroup/user.slice/memory.current": "500\n",
    });
    expect(availableMemory(root)).toBe(8_000_000 * 1024);
  });

  it("is what is left under the narrowest limit of the groups around the process; cached files do not count", () => {
    system({
      "proc/meminfo": meminfo,
      "proc/self/cgroup": "0::/job/step\n",
      "sys/fs/cgroup/job/step/memory.max": "3000000000\n",
      "sys/fs/cgroup/job/step/memory.current": "1000000000\n",
      "sys/fs/cgroup/job/memory.max": "2500000000\n",
      "sys/fs/cgroup/job/memory.current": "1500000000\n",
      "sys/fs/cgroup/job/memory.stat": "anon 1\ninactive_file 400000000\nslab 2\n",
    });
    expect(availableMemory(root)).toBe(1_400_000_000);
  });

  it("knows the first version of control groups", () => {
    system({
      "proc/meminfo": meminfo,
      "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/slurm/job_7\n",
      "sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes": "2000000000\n",
      "sys/fs/cgroup/memory/slurm/job_7/memory.usage_in_bytes": "500000000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "7000000000\n",
    });
    expect(availableMemory(root)).toBe(1_500_000_000);
  });

  it("is none when a limit is exceeded, and some on a system that tells nothing", () => {
    system({
      "proc/meminfo": meminfo,
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/memory.max": "1000\n",
      "sys/fs/cgroup/memory.current": "2000\n",
    });
    expect(availableMemory(root)).toBe(0);
    expect(availableMemory(join(root, "nothing"))).toBeGreaterThan(1e6);
  });
});

describe("memoryOf", () => {
  const bytes = (input: Parameters<typeof resolveConfig>[0]) => memoryOf(resolveConfig(input));

  it("follows the replay buffer: its capacity, the map, and the steps of a run that never fills it", () => {
    const paper = bytes({ environment: "3s5z" });
    // A run of 2M steps with 5,000 episodes was measured at 1.8 GB.
    expect(paper).toBeGreaterThan(1.2e9);
    expect(paper).toBeLessThan(2.8e9);
    const beside = bytes({ environment: "two-step", steps: 100 });
    expect(
      (bytes({ environment: "3s5z", replay: { offlineCapacity: 2_500 } }) - beside) / (paper - beside),
    ).toBeCloseTo(0.5, 2);
    expect(bytes({ environment: "3s5z", steps: 20_000 })).toBeLessThan(0.3 * paper);
    expect(bytes({ environment: "3m" })).toBeLessThan(0.6 * paper);
  });
});
