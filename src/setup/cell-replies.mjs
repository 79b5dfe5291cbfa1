// The kernel's replies after a cell was executed. tslab's replies lack fields that Jupyter's protocol requires for
// errors, and it abandons the cells after a failed cell even if the client wants to continue.

/**
 * Replaces tslab's replies to `execute_request`. An error gets a name, a text and a traceback, which graders and
 * converters that continue after an error need. With `stop_on_error: false` the following cells are executed; tslab
 * would accept none for a fifth of a second, so that a check after a failed cell would count as passed.
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
      // A task that fails abandons the waiting ones, unless its error is returned as a value.
      const outcome = await this.execQueue.add(goOn ? () => execute().catch((error) => ({ error })) : execute);
      if (outcome.error === undefined) return { status: "ok", execution_count: outcome.count };
      return failure(outcome.error);
    } catch (error) {
      if (error instanceof TaskCanceledError) return { status: "aborted" };
      // These are tslab's own 200 ms, in which requests on their way arrive and are abandoned.
      this.execQueue.reset(200);
      return failure(error);
    }
  };

  function failure(error) {
    // tslab throws the count of the cell whose code failed; anything else is an error of the kernel itself.
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
