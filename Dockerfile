# mast-lab in a container: JupyterLab with the TypeScript kernel and the notebooks, a browser for PNG files, and the
# command `mast`. site/docs/containers.md says how to build and use it.
#
#   docker build -t mast-lab .
#   docker run --rm -it --init --shm-size=1g -p 127.0.0.1:8888:8888 mast-lab
FROM node:22-bookworm

# The distribution's own versions: a fixed one would be gone from its mirrors with the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium fonts-dejavu-core git python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/*

# Chromium's sandbox needs rights that a container's user does not have. It draws this project's own figures only.
RUN printf '#!/bin/sh\nexec /usr/bin/chromium --no-sandbox "$@"\n' > /usr/local/bin/chromium-in-container \
    && chmod 755 /usr/local/bin/chromium-in-container
ENV CHROME_PATH=/usr/local/bin/chromium-in-container

# The image's user "node", by number: Kubernetes, under many a JupyterHub, asks for that.
USER 1000
RUN mkdir -p /home/node/mast-lab
WORKDIR /home/node/mast-lab

# Packages first: a change of the sources leaves these layers as they are.
COPY --chown=node:node package.json package-lock.json .npmrc ./
COPY --chown=node:node src/setup ./src/setup
COPY --chown=node:node .jupyter ./.jupyter
RUN npm ci --include=dev --include=optional --include=peer \
    && npm cache clean --force
RUN node --input-type=module -e 'import { ensureJupyter } from "./src/setup/jupyter.mjs"; ensureJupyter();' \
    && rm -rf /home/node/.cache/pip

COPY --chown=node:node . .
# Compiles, and lets every Jupyter of this user find the kernel.
RUN npm run kernel

EXPOSE 8888
ENTRYPOINT ["tini", "--"]
# Anything else may be run instead: docker run --rm -it mast-lab npx mast train --environment 3m --method mast
CMD ["npm", "run", "lab", "--", "--ip=0.0.0.0", "--no-browser"]
