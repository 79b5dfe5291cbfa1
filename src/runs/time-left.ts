/** Seconds of the recent past that the expected speed is taken from. */
const WINDOW = 30;

/**
 * Expects how long a run still takes from how fast it went lately: its first steps, before the first update, are many
 * times faster than the rest.
 *
 * @param steps environment steps of the whole run
 * @param from step at which this process began
 * @returns a function that is told the present step and the seconds so far, and gives the seconds left, or undefined
 *   while unknown
 */
export function timeLeft(steps: number, from: number): (step: number, seconds: number) => number | undefined {
  const recent: { step: number; seconds: number }[] = [];
  return (step, seconds) => {
    recent.push({ step, seconds });
    while (recent.length > 2 && recent[1].seconds < seconds - WINDOW) recent.shift();
    const first = recent[0];
    const done = step - first.step;
    return step <= from || done <= 0 ? undefined : ((steps - step) * (seconds - first.seconds)) / done;
  };
}
