/** Style of a replay page. */
export const PLAYER_STYLE = `
* { box-sizing: border-box }
body { margin: 0; padding: 10px 12px; font: 14px Helvetica, Arial, "Liberation Sans", sans-serif; color: #222; background: #fff; max-width: 860px }
h1 { font-size: 15px; margin: 0 0 8px; font-weight: 600 }
canvas { display: block; width: 100%; border-radius: 4px }
#track { margin-top: 6px; cursor: pointer; touch-action: none }
#controls { display: flex; align-items: center; gap: 10px; margin: 6px 0; flex-wrap: wrap }
button, select { font: inherit; padding: 3px 10px; border: 1px solid #bbb; border-radius: 4px; background: #f6f6f6; color: #222; cursor: pointer }
button:hover, select:hover { background: #ececec }
button:focus-visible, select:focus-visible, input:focus-visible { outline: 2px solid #0072B2; outline-offset: 1px }
#play { min-width: 5.5em }
input[type=range] { flex: 1 1 160px; min-width: 120px; accent-color: #0072B2 }
output { min-width: 15em; text-align: right; font-variant-numeric: tabular-nums; color: #444 }
#agents { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 2px 16px; font-size: 13px; color: #333 }
#agents.wide { grid-template-columns: 1fr }
#agents div { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
#agents .dead { color: #999 }
#text { white-space: pre-wrap; font: 15px/1.5 ui-monospace, Menlo, Consolas, monospace; padding: 12px; background: #f6f6f6; border-radius: 4px }
#steps { max-height: 320px; overflow-y: auto; margin-top: 10px }
#steps table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100% }
#steps th { position: sticky; top: 0; background: #fff; text-align: left }
#steps th, #steps td { padding: 2px 14px 2px 0; border-bottom: 1px solid #eeeeee }
#steps tbody tr { cursor: pointer }
#steps tr.now td { background: #e8f1f8 }
`;

/**
 * What runs in a replay page: plain JavaScript, since it is sent as text. It reads the JSON of the element "replay" and
 * builds the page around it. Positions move evenly between two steps; lines show who fired at whom in the step that is
 * being played.
 */
export const PLAYER_SCRIPT = `
(() => {
  "use strict";
  const replay = JSON.parse(document.getElementById("replay").textContent);
  const { frames, units, rewards, view, terrain, colours, bodies } = replay;
  const steps = frames.length - 1;
  const make = (tag, attributes, parent) => {
    const element = Object.assign(document.createElement(tag), attributes);
    (parent || document.body).append(element);
    return element;
  };
  make("h1", { textContent: replay.title });
  const drawn = units.length > 0;
  const canvas = drawn || bodies ? make("canvas", { id: "map" }) : undefined;
  const text = canvas ? undefined : make("div", { id: "text" });
  const track = make("canvas", { id: "track", title: "reward of each step, and the return so far" });
  const controls = make("div", { id: "controls" });
  const button = make("button", { id: "play", textContent: "Play" }, controls);
  const speed = make("select", { id: "speed", title: "speed" }, controls);
  for (const factor of [0.25, 0.5, 1, 2, 4]) make("option", { value: factor, textContent: factor + "x", selected: factor === 1 }, speed);
  const scrubber = make("input", { id: "scrubber", type: "range", min: 0, max: steps, step: 0.01, value: 0, title: "step" }, controls);
  scrubber.setAttribute("aria-label", "step of the episode");
  const status = make("output", { id: "status" }, controls);
  const agents = make("div", { id: "agents", className: bodies ? "wide" : "" });

  const returns = [0];
  for (const reward of rewards) returns.push(returns[returns.length - 1] + reward);
  const allies = units.map((unit, i) => ({ unit, i })).filter((entry) => entry.unit.side === "ally").map((entry) => entry.i);
  const lines = (drawn ? allies.slice(0, replay.actions[0] ? replay.actions[0].length : 0) : (replay.actions[0] || []).map((_, i) => i)).map(() => make("div", {}, agents));
  const number = units.map((unit, i) => units.slice(0, i + 1).filter((other) => other.side === unit.side).length);

  // What cannot be drawn is told step by step.
  const rows = [];
  if (!drawn && !bodies && steps > 0) {
    const table = make("table", {}, make("div", { id: "steps" }));
    const head = make("tr", {}, make("thead", {}, table));
    const cells = ["Step", ...replay.actions[0].map((_, agent) => "Agent " + (agent + 1)), "Reward", "Return"];
    for (const name of cells) make("th", { textContent: name, scope: "col" }, head);
    const body = make("tbody", {}, table);
    replay.actions.forEach((joint, t) => {
      const row = make("tr", { onclick: () => seek(t + 1) }, body);
      for (const value of [t + 1, ...joint, Number(rewards[t].toPrecision(4)), Number(returns[t + 1].toPrecision(4))]) make("td", { textContent: value }, row);
      rows.push(row);
    });
  }

  let time = 0, playing = false, before = 0, marked;
  const scale = () => canvas.clientWidth / view[2];

  function fit(surface, height) {
    const ratio = window.devicePixelRatio || 1;
    const width = surface.clientWidth;
    if (surface.width !== Math.round(width * ratio) || surface.height !== Math.round(height * ratio)) {
      surface.style.height = height + "px";
      surface.width = Math.round(width * ratio);
      surface.height = Math.round(height * ratio);
    }
    const pen = surface.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return pen;
  }

  function drawMap() {
    if (canvas.clientWidth === 0) return;
    const s = scale();
    const pen = fit(canvas, Math.round(view[3] * s));
    const px = (x) => (x - view[0]) * s, py = (y) => (view[1] + view[3] - y) * s;
    pen.fillStyle = "#f1eee6";
    pen.fillRect(0, 0, canvas.clientWidth, view[3] * s);
    pen.fillStyle = "#cfc8b8";
    for (let y = 0; y < terrain.height; y++) for (let x = 0; x < terrain.width; x++) {
      if (terrain.cells[y * terrain.width + x] === "#") pen.fillRect(px(x) - 0.3, py(y + 1) - 0.3, s + 0.6, s + 0.6);
    }
    if (terrain.width > 0) {
      pen.fillStyle = "#b3aa96";
      const right = px(terrain.width), left = px(0), top = py(terrain.height), bottom = py(0);
      if (left > 0) pen.fillRect(0, 0, left, 9999);
      if (right < canvas.clientWidth) pen.fillRect(right, 0, 9999, 9999);
      if (top > 0) pen.fillRect(0, 0, 9999, top);
      if (bottom < view[3] * s) pen.fillRect(0, bottom, 9999, 9999);
    }
    const t = Math.min(steps, Math.floor(time)), u = Math.min(steps, t + 1), share = time - t;
    const now = frames[t].units, next = frames[u].units;
    const at = units.map((_, i) => [px(now[i][0] + share * (next[i][0] - now[i][0])), py(now[i][1] + share * (next[i][1] - now[i][1]))]);
    // The lines of a step belong to the movement towards it; at rest on a step they are those that led to it.
    const fire = share > 0 ? next : now;

    for (let i = 0; i < units.length; i++) {
      if (now[i][2] > 0) continue;
      const r = Math.max(3, units[i].radius * s * 0.6);
      pen.strokeStyle = colours[units[i].side] + "66";
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(at[i][0] - r, at[i][1] - r); pen.lineTo(at[i][0] + r, at[i][1] + r);
      pen.moveTo(at[i][0] + r, at[i][1] - r); pen.lineTo(at[i][0] - r, at[i][1] + r);
      pen.stroke();
    }
    for (let i = 0; i < units.length; i++) {
      if (now[i][2] <= 0) continue;
      const unit = units[i], [x, y] = at[i], r = Math.max(4, unit.radius * s);
      pen.fillStyle = colours[unit.side];
      pen.globalAlpha = 0.92;
      pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.fill();
      pen.globalAlpha = 1;
      pen.strokeStyle = "#ffffff"; pen.lineWidth = 1.2; pen.stroke();
      if (r >= 7) {
        pen.fillStyle = "#ffffff";
        pen.font = "600 " + Math.min(13, Math.round(r * 0.95)) + "px Helvetica, Arial, sans-serif";
        pen.textAlign = "center"; pen.textBaseline = "middle";
        pen.fillText(r < 9 ? String(number[i]) : unit.type[0].toUpperCase() + number[i], x, y + 0.5);
      }
    }
    for (let i = 0; i < units.length; i++) {
      const target = fire[i][4];
      if (target < 0 || now[i][2] <= 0 || target >= units.length) continue;
      const heals = units[i].side === units[target].side;
      let [ax, ay] = at[i], [bx, by] = at[target];
      // Beside the line between the centres, so that two units that fire at each other show two lines.
      const length = Math.hypot(bx - ax, by - ay) || 1;
      const dx = (bx - ax) / length, dy = (by - ay) / length, ox = -dy * 3, oy = dx * 3;
      const from = Math.min(units[i].radius * s, length * 0.35), to = Math.min(units[target].radius * s, length * 0.35);
      ax += dx * from; ay += dy * from; bx -= dx * to; by -= dy * to;
      const colour = heals ? "#009E73" : colours[units[i].side];
      for (const [ink, width] of [["#ffffff", 4], [colour, 2]]) {
        pen.strokeStyle = ink; pen.lineWidth = width;
        pen.beginPath(); pen.moveTo(ax + ox, ay + oy); pen.lineTo(bx + ox, by + oy); pen.stroke();
        pen.fillStyle = ink;
        pen.beginPath(); pen.arc(bx + ox, by + oy, width + 1.4, 0, 7); pen.fill();
      }
    }
    for (let i = 0; i < units.length; i++) {
      if (now[i][2] <= 0) continue;
      const unit = units[i], [x, y] = at[i], r = Math.max(4, unit.radius * s);
      const width = Math.max(14, Math.min(34, r * 2)), left = x - width / 2;
      let top = y - r - 6;
      const value = (k) => now[i][k] + share * (next[i][k] - now[i][k]);
      const bar = (part, colour) => {
        pen.fillStyle = "#00000055"; pen.fillRect(left - 0.5, top - 0.5, width + 1, 4);
        pen.fillStyle = colour; pen.fillRect(left, top, width * Math.max(0, Math.min(1, part)), 3);
        top -= 5;
      };
      const health = value(2) / unit.maxHealth;
      bar(health, health > 0.5 ? "#2fbf71" : health > 0.25 ? "#f2b134" : "#e5484d");
      if (unit.maxShield > 0) bar(value(3) / unit.maxShield, "#56B4E9");
    }
  }

  function drawBodies() {
    const width = canvas.clientWidth;
    if (width === 0) return;
    const [left, right, bottom, top] = bodies.view;
    const s = width / (right - left), height = Math.round((top - bottom) * s);
    const pen = fit(canvas, height);
    pen.fillStyle = "#f7f7f5"; pen.fillRect(0, 0, width, height);
    const t = Math.min(steps, Math.floor(time)), u = Math.min(steps, t + 1), share = time - t;
    const now = frames[t].shapes, next = frames[u].shapes;
    const at = now.map((value, i) => value + share * (next[i] - value));
    const count = bodies.solids.length, middle = [0, 0, 0];
    for (let i = 0; i < at.length; i++) if (i % 3 < 2) middle[i % 3] += at[i] / (2 * count);
    const along = (direction, place) => direction.reduce((sum, part, i) => sum + part * (place[i] - middle[i]), 0);
    const { right: across, up, towards } = bodies.camera;
    const place = (point) => [(along(across, point) - left) * s, height - (along(up, point) - bottom) * s];
    // The ground, a line each metre.
    pen.strokeStyle = "#d9d9d4"; pen.lineWidth = 1; pen.lineCap = "round";
    const reach = Math.ceil(right - left);
    const line = (from, to) => { pen.beginPath(); pen.moveTo(...place(from)); pen.lineTo(...place(to)); pen.stroke(); };
    for (let k = -reach; k <= reach; k++) {
      const x = Math.round(middle[0]) + k, y = Math.round(middle[1]) + k;
      line([x, middle[1] - reach, 0], [x, middle[1] + reach, 0]);
      line([middle[0] - reach, y, 0], [middle[0] + reach, y, 0]);
    }
    const solids = bodies.solids.map((solid, i) => {
      const from = at.slice(6 * i, 6 * i + 3), to = at.slice(6 * i + 3, 6 * i + 6);
      return { ...solid, from, to, depth: along(towards, from) + along(towards, to) };
    }).sort((a, b) => a.depth - b.depth);
    for (const { from, to, radius, colour } of solids) {
      // A line without length is not drawn; a hundredth of a pixel is.
      const [x1, y1] = place(from), [x2, y2] = place(to);
      for (const [ink, wider] of [["#ffffff", 2], [colour, 0]]) {
        pen.strokeStyle = ink; pen.lineWidth = 2 * radius * s + wider;
        pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x2 + 0.01, y2); pen.stroke();
      }
    }
    pen.lineCap = "butt";
  }

  function drawTrack() {
    if (track.clientWidth === 0) return;
    const height = 54, pen = fit(track, height), width = track.clientWidth;
    const pad = 4, foot = height - 12;
    const x = (step) => pad + (steps === 0 ? 0 : (step / steps) * (width - 2 * pad));
    // The bonus for winning is many times any other reward: its bar ends at the top.
    const most = Math.max(1e-9, ...rewards.slice(0, replay.won ? -1 : undefined).map(Math.abs)), high = Math.max(0, ...returns), low = Math.min(0, ...returns);
    pen.fillStyle = "#f6f6f6"; pen.fillRect(0, 0, width, height);
    const slot = (width - 2 * pad) / Math.max(1, steps);
    rewards.forEach((reward, k) => {
      pen.fillStyle = reward < 0 ? "#D55E00" : "#b8cfe0";
      const tall = Math.min(1, Math.abs(reward) / most) * (foot - 6);
      pen.fillRect(x(k) + 0.5, foot - tall, Math.max(1, slot - 1), tall);
    });
    pen.strokeStyle = "#333333"; pen.lineWidth = 1.5; pen.beginPath();
    returns.forEach((value, k) => pen.lineTo(x(k), foot - ((value - low) / Math.max(1e-9, high - low)) * (foot - 6)));
    pen.stroke();
    pen.strokeStyle = "#0072B2"; pen.lineWidth = 2;
    pen.beginPath(); pen.moveTo(x(time), 0); pen.lineTo(x(time), foot); pen.stroke();
    pen.fillStyle = "#666666"; pen.font = "10px Helvetica, Arial, sans-serif"; pen.textBaseline = "bottom";
    pen.textAlign = "left"; pen.fillText("bars: reward of each step; line: return so far", pad, height);
    pen.textAlign = "right"; pen.fillText("step " + steps, width - pad, height);
  }

  function render() {
    const t = Math.floor(time);
    const moving = time > t && t < steps;
    if (drawn) drawMap(); else if (bodies) drawBodies(); else text.textContent = frames[t].text;
    drawTrack();
    scrubber.value = time;
    button.textContent = playing ? "Pause" : time >= steps && steps > 0 ? "Again" : "Play";
    const ended = time >= steps ? (drawn ? (replay.won ? " (won)" : " (not won)") : " (end)") : "";
    status.textContent = "step " + t + " of " + steps + ", return " + returns[t].toFixed(2) + ended;
    if (marked !== rows[t - 1]) {
      if (marked) marked.classList.remove("now");
      marked = rows[t - 1];
      if (marked) {
        marked.classList.add("now");
        const place = document.getElementById("steps");
        place.scrollTop = marked.offsetTop - place.clientHeight / 2;
      }
    }
    const joint = replay.actions[moving || t === 0 ? t : t - 1];
    lines.forEach((line, agent) => {
      const i = allies[agent];
      const dead = drawn && frames[t].units[i][2] <= 0;
      const state = !drawn ? "" : dead ? "" : " (" + Math.ceil(frames[t].units[i][2]) + (units[i].maxShield > 0 ? "+" + Math.ceil(frames[t].units[i][3]) : "") + ")";
      line.textContent = (agent + 1) + " " + (drawn ? units[i].type : "agent") + state + ": " + (dead ? "dead" : joint ? joint[agent] : "");
      line.className = dead ? "dead" : "";
    });
  }

  function tick(now) {
    if (!playing) return;
    // A frame's time is when it began: a busy browser gives the first one a time before the click.
    time = Math.min(steps, time + (Math.max(0, now - before) / 1000) * replay.speed * Number(speed.value));
    before = now;
    if (time >= steps) playing = false;
    render();
    requestAnimationFrame(tick);
  }
  function play(on) {
    if (on && time >= steps) time = 0;
    playing = on && steps > 0;
    before = performance.now();
    render();
    if (playing) requestAnimationFrame(tick);
  }
  function seek(to) {
    playing = false;
    time = Math.max(0, Math.min(steps, to));
    render();
  }
  button.addEventListener("click", () => play(!playing));
  scrubber.addEventListener("input", () => seek(Number(scrubber.value)));
  const drag = (event) => {
    const box = track.getBoundingClientRect();
    seek(Math.round(((event.clientX - box.left - 4) / (box.width - 8)) * steps));
  };
  track.addEventListener("pointerdown", (event) => { track.setPointerCapture(event.pointerId); drag(event); });
  track.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  document.addEventListener("keydown", (event) => {
    if (event.target === speed || (event.target === button && event.key === " ")) return;
    if (event.key === " ") { event.preventDefault(); play(!playing); }
    if (event.key === "ArrowRight") { event.preventDefault(); seek(Math.floor(time) + 1); }
    if (event.key === "ArrowLeft") { event.preventDefault(); seek(Math.ceil(time) - 1); }
  });
  // A notebook may load the page before it has a size.
  new ResizeObserver(render).observe(document.body);
  render();
  if (replay.autoplay) play(true);
})();
`;
