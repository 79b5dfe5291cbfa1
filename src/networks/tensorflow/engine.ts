export const createTensorflowEngine = (..._: unknown[]): never => { throw new Error("soon"); };
