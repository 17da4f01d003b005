import { setTimeout as sleep } from 'node:timers/promises';

await sleep(1000);

export const handler = async () => 'at last';
