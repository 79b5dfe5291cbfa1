// What a kernel answers when a cell was executed. tslab's answers leave out what Jupyter's protocol asks for of an
// error, and it abandons the cells behind a cell that failed even where the client wants to go on with them.

/**
 * Replaces tslab's answers to `execute_request`. An error has a name, a text and a traceback, without which graders and
 * converters that go on after an error break. With `stop_on_error: false` the cells that follow are executed; tslab
 * would take none for a fifth of a second, so that a check behind a cell that failed counted as passed.
 *
 * @param {{ prototype: object }} Handler tslab's JupyterHandlerImpl
 * @param {new () => Error} TaskCanceledError tslab's own error of a cell that was abandoned
 * @param {() => string} lastError the line that was printed last about an error
 */
export function answerCells(Handler, TaskCanceledError, lastError) {
  Handler.prototype.handleExecute = async function (request, writeStream, writeDisplayData) {
    const goOn = request.stop_on_error === false;
    const execute = () => this.handleExecuteImpl(request, writeStream, writeDisplayData);
    try {
      // A task that fails abandons those that wait behind it, unless its error is handed over as a value.
      const outcome = await this.execQueue.add(goOn ? () => execute().catch((error) => ({ error })) : execute);
      if (outcome.error === undefined) return { status: "ok", execution_count: outcome.count };
      return failure(outcome.error);
    } catch (error) {
      if (error instanceof TaskCanceledError) return { status: "aborted" };
      // tslab's own 200 ms: time for the requests that are on their way to arrive, and to be abandoned.
      this.execQueue.reset(200);
      return failure(error);
    }
  };

  function failure(error) {
    // tslab throws the count of the cell whose code failed; anything else is a fault of the kernel's own.
    const failed = typeof error?.count === "number";
    if (!failed) console.error("unexpected error:", error);
    const [, name, text] = /^(?:([A-Z]\w*): )?(.*)$/s.exec(lastError());
    return {
      status: "error",
      execution_count: failed ? error.count : undefined,
      ename: name ?? "Error",
      evalue: text,
      traceback: [lastError()],
    };
  }
}
