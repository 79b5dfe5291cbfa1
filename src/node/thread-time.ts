import { readFileSync } from "node:fs";

/**
 * Processor seconds of the calling thread since it began: unlike the clock, what else a machine does hardly changes
 * them. Undefined where the system does not tell them for a single thread (Node.js before 22.19, but on Linux).
 */
export function threadSeconds(): number | undefined {
  const { threadCpuUsage } = process as typeof process & { threadCpuUsage?: () => NodeJS.CpuUsage };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return (user + system) / 1e6;
  }
  try {
    // The thread that reads this file is the calling one. Its first number is nanoseconds on a processor.
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ", 1)[0]) / 1e9 || undefined;
  } catch {
    return undefined;
  }
}
