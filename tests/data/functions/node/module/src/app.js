export const handler = async () => 'ES module, .js';
