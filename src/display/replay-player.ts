import { INK } from "../figures/theme.js";
import { followTheme } from "./frame.js";

/**
 * Style of a replay page. In a notebook's frame it has no background of its own, and the colour of the text around it
 * once it is told; before that a grey that can be read on light and dark. As a page by itself it has the colours of the
 * system.
 */
export const PLAYER_STYLE = `
* { box-sizing: border-box }
:root.page { color-scheme: light dark }
body { margin: 0; padding: 10px 12px; font: 14px Helvetica, Arial, "Liberation Sans", sans-serif; color: ${INK}; background: transparent }
.page body { color: CanvasText; background: Canvas; max-width: 1200px }
h1 { font-size: 15px; margin: 0 0 6px; font-weight: 600 }
#legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0 0 6px; font-size: 13px }
#legend span { display: inline-flex; align-items: center; gap: 4px }
canvas { display: block; width: 100%; border-radius: 4px }
#map { touch-action: pan-y; outline-offset: 2px }
#map:focus-visible { outline: 2px solid #0072B2 }
#map.zoomed { cursor: grab; touch-action: none }
#track { margin-top: 6px; cursor: pointer; touch-action: none }
#controls { display: flex; align-items: center; gap: 6px; margin: 6px 0; flex-wrap: wrap }
button, select { font: inherit; padding: 3px 9px; border: 1px solid rgba(128,128,128,.55); border-radius: 4px; background: rgba(128,128,128,.1); color: inherit; cursor: pointer }
select option { color: #222; background: #fff }
button:hover, select:hover { background: rgba(128,128,128,.25) }
button[aria-pressed=true] { background: rgba(0,114,178,.3) }
button:focus-visible, select:focus-visible, input:focus-visible { outline: 2px solid #0072B2; outline-offset: 1px }
#play { min-width: 5.2em }
input[type=range] { flex: 1 1 140px; min-width: 110px; accent-color: #0072B2 }
output { min-width: 14em; text-align: right; font-variant-numeric: tabular-nums }
#agents { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 2px 16px; font-size: 13px }
#agents.wide { grid-template-columns: 1fr }
#agents div { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
#agents .dead { opacity: .6 }
#agents .chosen { font-weight: 600 }
#keys { margin: 4px 0 0; font-size: 12px }
#text { white-space: pre-wrap; font: 15px/1.5 ui-monospace, Menlo, Consolas, monospace; padding: 12px; background: rgba(128,128,128,.12); border-radius: 4px }
#steps { max-height: 320px; overflow-y: auto; margin-top: 10px }
#steps table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100% }
#steps th { text-align: left }
#steps th, #steps td { padding: 2px 14px 2px 0; border-bottom: 1px solid rgba(128,128,128,.3) }
#steps tbody tr { cursor: pointer }
#steps tr.now td { background: rgba(0,114,178,.15) }
`;

/**
 * The script of a replay page, in plain JavaScript because it is sent as text. It reads the JSON of the element
 * "replay" and builds the page around it. Positions move evenly between two steps, and lines show who fired at whom in
 * the step that is being played. Everything can be done with the keyboard; the page lists the keys.
 */
export const PLAYER_SCRIPT = `
(() => {
  "use strict";
  const replay = JSON.parse(document.getElementById("replay").textContent);
  const { frames, units, rewards, view, terrain, cliff, colours, bodies } = replay;
  const steps = frames.length - 1;
  if (window.parent === window) document.documentElement.className = "page";
  const make = (tag, attributes, parent) => {
    const element = Object.assign(document.createElement(tag), attributes);
    (parent || document.body).append(element);
    return element;
  };
  make("h1", { textContent: replay.title });
  const drawn = units.length > 0;
  if (drawn) drawLegend(make("div", { id: "legend" }));
  const canvas = drawn || bodies ? make("canvas", { id: "map", tabIndex: 0 }) : undefined;
  if (canvas) {
    const shape = drawn ? view[3] / view[2] : 0.5;
    // No higher than the screen is likely to be.
    canvas.style.width = "min(100%, calc(var(--high) / " + shape.toFixed(4) + "))";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", replay.title);
    canvas.setAttribute("aria-describedby", "keys");
  }
  const text = canvas ? undefined : make("div", { id: "text" });
  const track = make("canvas", { id: "track", title: "reward of each step, and the return so far" });
  const controls = make("div", { id: "controls" });
  const button = make("button", { id: "play", textContent: "Play" }, controls);
  const speed = make("select", { id: "speed", title: "speed" }, controls);
  for (const factor of [0.25, 0.5, 1, 2, 4]) make("option", { value: factor, textContent: factor + "x", selected: factor === 1 }, speed);
  const press = (name, title, act) => make("button", { textContent: name, title, onclick: act }, controls);
  const rings = drawn && units.some((unit) => unit.range) ? press("Ranges", "rings of attack (solid) and sight (dashed): R", () => toggleRings()) : undefined;
  if (drawn) {
    press("\u2212", "zoom out: -", () => zoomBy(1 / 1.5)).setAttribute("aria-label", "zoom out");
    press("+", "zoom in: +", () => zoomBy(1.5)).setAttribute("aria-label", "zoom in");
    press("Fit", "the whole battle: 0", () => fitView());
  }
  if (rings) rings.setAttribute("aria-pressed", "false");
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

  const help = make("p", { id: "keys" });
  help.textContent = "Keys: space plays, \u2190 \u2192 one step, Home and End" + (drawn ? ", + and \u2212 zoom, 0 fits, shift with arrows moves the map" + (rings ? ", R ranges" : "") + ", U next unit" : "") + ".";

  let time = 0, playing = false, before = 0, marked;
  let zoom = 1, centre = [view[0] + view[2] / 2, view[1] + view[3] / 2], chosen = -1, ringed = false;

  /** What of the map is seen: [left, bottom, width, height] in cells, never beyond the battle. */
  function seen() {
    const [wide, high] = [view[2] / zoom, view[3] / zoom];
    const within = (middle, low, whole, part) => Math.max(low, Math.min(low + whole - part, middle - part / 2));
    return [within(centre[0], view[0], view[2], wide), within(centre[1], view[1], view[3], high), wide, high];
  }
  /** Zooms about a place of the canvas, in pixels; by default its middle. */
  function zoomBy(factor, x, y) {
    const [left, bottom, wide, high] = seen();
    const [u, v] = x === undefined ? [0.5, 0.5] : [x / canvas.clientWidth, 1 - y / canvas.clientHeight];
    const [px, py] = [left + u * wide, bottom + v * high];
    zoom = Math.max(1, Math.min(8, zoom * factor));
    centre = [px + (0.5 - u) * (view[2] / zoom), py + (0.5 - v) * (view[3] / zoom)];
    canvas.classList.toggle("zoomed", zoom > 1);
    render();
  }
  function moveBy(x, y) {
    const [left, bottom, wide, high] = seen();
    centre = [left + wide / 2 + x, bottom + high / 2 + y];
    render();
  }
  function fitView() {
    zoom = 1;
    canvas.classList.remove("zoomed");
    render();
  }
  function toggleRings() {
    ringed = !ringed;
    rings.setAttribute("aria-pressed", String(ringed));
    render();
  }
  /** Chooses the next living unit, or the one before; after the last one none. */
  function choose(step) {
    const living = [-1, ...units.map((_, i) => i).filter((i) => frames[Math.floor(time)].units[i][2] > 0)];
    const at = Math.max(0, living.indexOf(chosen));
    chosen = living[(at + step + living.length) % living.length];
    render();
  }

  /** Draws a unit's shape with "radius" pixels about a place. */
  function outline(pen, unit, x, y, radius) {
    pen.beginPath();
    if (unit.corners.length === 0) return pen.arc(x, y, radius, 0, 7);
    for (const [cx, cy] of unit.corners) pen.lineTo(x + cx * radius, y - cy * radius);
    pen.closePath();
  }
  function drawLegend(place) {
    const types = [...new Set(units.map((unit) => unit.type))];
    // Both sides list the types in the same order.
    const kinds = ["ally", "enemy"].flatMap((side) => types.map((type) => units.find((unit) => unit.side === side && unit.type === type)));
    for (const unit of kinds) {
      if (unit === undefined) continue;
      const name = unit.type + (unit.side === "ally" ? " (our team)" : " (enemy)");
      const entry = make("span", {}, place);
      const icon = make("canvas", { width: 36, height: 36 }, entry);
      icon.style.cssText = "width:18px;height:18px";
      icon.setAttribute("aria-hidden", "true");
      const pen = icon.getContext("2d");
      pen.fillStyle = colours[unit.side];
      outline(pen, unit, 18, 18, 11);
      pen.fill();
      make("span", { textContent: name }, entry);
    }
  }

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
    const [left, bottom, wide, high] = seen();
    const s = canvas.clientWidth / wide, width = canvas.clientWidth, height = Math.round((view[3] / view[2]) * width);
    const pen = fit(canvas, height);
    const px = (x) => (x - left) * s, py = (y) => (bottom + high - y) * s;
    pen.fillStyle = "rgba(143,137,123,0.1)";
    pen.fillRect(0, 0, width, height);
    // Cells are drawn into each other, so that no seam shows; as a whole they are as transparent as one.
    const ground = document.createElement("canvas");
    ground.width = canvas.width;
    ground.height = canvas.height;
    const rock = ground.getContext("2d");
    rock.setTransform(pen.getTransform());
    rock.fillStyle = cliff.colour;
    for (let y = 0; y < terrain.height; y++) for (let x = 0; x < terrain.width; x++) {
      if (terrain.cells[y * terrain.width + x] === "#") rock.fillRect(px(x) - 0.3, py(y + 1) - 0.3, s + 0.6, s + 0.6);
    }
    // The ground beyond the map is rock as well.
    if (terrain.width > 0) {
      const [x0, x1, y0, y1] = [px(0), px(terrain.width), py(terrain.height), py(0)];
      if (x0 > 0) rock.fillRect(0, 0, x0, height);
      if (x1 < width) rock.fillRect(x1, 0, width - x1, height);
      if (y0 > 0) rock.fillRect(0, 0, width, y0);
      if (y1 < height) rock.fillRect(0, y1, width, height - y1);
    }
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = cliff.opacity;
    pen.drawImage(ground, 0, 0);
    pen.restore();
    const t = Math.min(steps, Math.floor(time)), u = Math.min(steps, t + 1), share = time - t;
    const now = frames[t].units, next = frames[u].units;
    const at = units.map((_, i) => [px(now[i][0] + share * (next[i][0] - now[i][0])), py(now[i][1] + share * (next[i][1] - now[i][1]))]);
    // The lines of a step belong to the movement towards it; at rest on a step they are those that led to it.
    const fire = share > 0 ? next : now;

    for (let i = 0; i < units.length; i++) {
      if (now[i][2] <= 0 || (!ringed && i !== chosen)) continue;
      pen.strokeStyle = colours[units[i].side];
      // Of all units together the rings are thin, and of the chosen one they are clear.
      pen.globalAlpha = i === chosen ? 0.95 : 0.4;
      pen.lineWidth = i === chosen ? 2 : 1;
      for (const [radius, dash] of [[units[i].range, []], [units[i].sight, [4, 4]]]) {
        if (!radius) continue;
        pen.setLineDash(dash);
        pen.beginPath(); pen.arc(at[i][0], at[i][1], radius * s, 0, 7); pen.stroke();
      }
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    }
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
      outline(pen, unit, x, y, r); pen.fill();
      pen.globalAlpha = 1;
      pen.strokeStyle = "#ffffff"; pen.lineWidth = i === chosen ? 3 : 1.2; pen.stroke();
      if (r >= 6) {
        pen.fillStyle = "#ffffff";
        pen.font = "600 " + Math.min(13, Math.round(r * 0.95)) + "px Helvetica, Arial, sans-serif";
        pen.textAlign = "center"; pen.textBaseline = "middle";
        pen.fillText(String(number[i]), x, y + 0.5);
      }
    }
    for (let i = 0; i < units.length; i++) {
      const target = fire[i][4];
      if (target < 0 || now[i][2] <= 0 || target >= units.length) continue;
      const heals = units[i].side === units[target].side;
      let [ax, ay] = at[i], [bx, by] = at[target];
      // Lines lie beside the one between the centres, so that two units that fire at each other show two.
      const length = Math.hypot(bx - ax, by - ay) || 1;
      const dx = (bx - ax) / length, dy = (by - ay) / length, ox = -dy * 3, oy = dx * 3;
      const from = Math.min(units[i].radius * s, length * 0.35), to = Math.min(units[target].radius * s, length * 0.35);
      ax += dx * from; ay += dy * from; bx -= dx * to; by -= dy * to;
      const colour = heals ? "#009E73" : colours[units[i].side];
      for (const [ink, width] of [["#ffffffaa", 4], [colour, 2]]) {
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
    pen.fillStyle = "rgba(128,128,128,0.08)"; pen.fillRect(0, 0, width, height);
    const t = Math.min(steps, Math.floor(time)), u = Math.min(steps, t + 1), share = time - t;
    const now = frames[t].shapes, next = frames[u].shapes;
    const at = now.map((value, i) => value + share * (next[i] - value));
    const count = bodies.solids.length, middle = [0, 0, 0];
    for (let i = 0; i < at.length; i++) if (i % 3 < 2) middle[i % 3] += at[i] / (2 * count);
    const along = (direction, place) => direction.reduce((sum, part, i) => sum + part * (place[i] - middle[i]), 0);
    const { right: across, up, towards } = bodies.camera;
    const place = (point) => [(along(across, point) - left) * s, height - (along(up, point) - bottom) * s];
    // The ground has a line each metre.
    pen.strokeStyle = "rgba(128,128,128,0.35)"; pen.lineWidth = 1; pen.lineCap = "round";
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
    const ink = getComputedStyle(document.body).color;
    pen.fillStyle = "rgba(128,128,128,0.12)"; pen.fillRect(0, 0, width, height);
    const slot = (width - 2 * pad) / Math.max(1, steps);
    rewards.forEach((reward, k) => {
      pen.fillStyle = reward < 0 ? "#D55E00" : "rgba(86,180,233,0.6)";
      const tall = Math.min(1, Math.abs(reward) / most) * (foot - 6);
      pen.fillRect(x(k) + 0.5, foot - tall, Math.max(1, slot - 1), tall);
    });
    pen.strokeStyle = ink; pen.lineWidth = 1.5; pen.beginPath();
    returns.forEach((value, k) => pen.lineTo(x(k), foot - ((value - low) / Math.max(1e-9, high - low)) * (foot - 6)));
    pen.stroke();
    pen.strokeStyle = "#0072B2"; pen.lineWidth = 2;
    pen.beginPath(); pen.moveTo(x(time), 0); pen.lineTo(x(time), foot); pen.stroke();
    pen.fillStyle = ink; pen.font = "10px Helvetica, Arial, sans-serif"; pen.textBaseline = "bottom";
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
      line.className = (dead ? "dead" : "") + (drawn && i === chosen ? " chosen" : "");
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
    // Space and Enter press the button that has the focus.
    if (event.target === speed || (event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter"))) return;
    if (event.key === " ") { event.preventDefault(); play(!playing); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = view[2] / zoom / 10;
    const moves = { ArrowRight: [cells, 0], ArrowLeft: [-cells, 0], ArrowUp: [0, cells], ArrowDown: [0, -cells] };
    const act = event.shiftKey && drawn && event.key in moves ? () => moveBy(...moves[event.key]) : {
      ArrowRight: () => seek(Math.floor(time) + 1),
      ArrowLeft: () => seek(Math.ceil(time) - 1),
      Home: () => seek(0),
      End: () => seek(steps),
      ...(drawn ? { "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: fitView, u: () => choose(1), U: () => choose(-1) } : {}),
      ...(rings ? { r: toggleRings, R: toggleRings } : {}),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  if (drawn) {
    // A wheel alone scrolls the page around; with ctrl, which a pinch on a touchpad sends as well, it zooms.
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 200), event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => zoomBy(2, event.offsetX, event.offsetY));
    let held;
    canvas.addEventListener("pointerdown", (event) => {
      held = [event.clientX, event.clientY];
      if (zoom > 1) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons || held === undefined || zoom === 1) return;
      const s = canvas.clientWidth / (view[2] / zoom);
      moveBy((held[0] - event.clientX) / s, (event.clientY - held[1]) / s);
      held = [event.clientX, event.clientY];
    });
    // A unit that is pressed is chosen; the ground chooses none.
    canvas.addEventListener("click", (event) => {
      const [left, bottom, wide, high] = seen();
      const s = canvas.clientWidth / wide;
      const now = frames[Math.floor(time)].units;
      const distance = (i) => Math.hypot((now[i][0] - left) * s - event.offsetX, (bottom + high - now[i][1]) * s - event.offsetY);
      const near = units.map((_, i) => i).filter((i) => now[i][2] > 0 && distance(i) < Math.max(12, units[i].radius * s + 4));
      chosen = near.sort((a, b) => distance(a) - distance(b))[0] ?? -1;
      render();
    });
  }
  // A notebook may load the page before it has a size.
  new ResizeObserver(render).observe(document.body);
${followTheme("render")}
  render();
  if (replay.autoplay) play(true);
})();
`;
