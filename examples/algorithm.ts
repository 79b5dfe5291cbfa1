import {
  addSteps,
  AGENTS_COST,
  chosenValues,
  learningTargets,
  nextValues,
  operatorOf,
  type Parts,
  tdLoss,
} from "mast-lab/parts";

/**
 * VDN that trusts good surprises more than bad ones: errors below the target count in full, errors above it by
 * `caution`, since an overestimate may be the fault of another agent that explored. (The idea of hysteretic learning,
 * Matignon et al. 2007, for the team's value.)
 */
export default {
  algorithms: {
    "hysteretic-vdn": {
      title: "Hysteretic VDN",
      networks: { agent: "recurrent", mixer: "sum" },
      cost: AGENTS_COST,
      options: { caution: 0.4 },
      async update(engine, groups, stepsInBatch, config, step) {
        const { agent, mixer } = engine.networks;
        const operator = operatorOf(config);
        const caution = Number(config.options?.algorithm?.["caution"]);
        let [loss, qTotal, target] = [0, 0, 0];
        for (const group of groups) {
          engine.load(group);
          const { online, target: slow } = await agent.forwardBoth();
          const next = await mixer.forward(
            "target",
            nextValues(operator, slow, config.operator.doubleQ ? online : null, group),
            1,
          );
          const targets = learningTargets(config.returns, step, group, next, config.discount);

          const qTot = await mixer.forward("online", chosenValues(online, group), 0, true);
          const weights = qTot.map((value, i) => (value < targets[i] ? 1 : caution));
          const gradient = new Float32Array(qTot.length);
          loss += tdLoss({ lengths: group.lengths, qTot, targets, weights, normaliser: stepsInBatch }, gradient);
          await agent.backward(await mixer.backward(gradient));

          qTotal = addSteps(qTotal, qTot, group);
          target = addSteps(target, targets, group);
        }
        const gradientNorm = await engine.step(config.optimiser);
        return { loss, gradientNorm, qTotal: qTotal / stepsInBatch, target: target / stepsInBatch };
      },
    },
  },
} satisfies Parts;
