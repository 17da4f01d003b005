// Handlers as nodejs24.x takes them, and one that it refuses.
export const two = async () => 'two';
export const sync = () => 'sync';
export const three = async (event, context, callback) => 'three';
export const streams = awslambda.streamifyResponse(async (event, stream, context) => stream.end('three') && undefined);
export const context = async (event, context) =>
  Object.keys(context).filter((name) => /done|fail|succeed|callback|Trace/.test(name));
export default { nested: async () => 'default export' };
