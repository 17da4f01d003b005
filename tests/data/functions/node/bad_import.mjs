import nothing from './no_such_module.mjs';

export const handler = async () => nothing;
