// Prints what iExec's SDK says of tasks and deals with --raw, as one line of JSON: an object by the ids.
//
//   node sdk-show.mjs FOLDER NODE_URL HUB task:ID|deal:ID...
//
// FOLDER has the SDK in its node_modules. One process for all of them: the SDK takes long to start.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, url, hub, ...wanted] = process.argv.slice(2);
const sdk = (path) => import(pathToFileURL(join(resolve(folder), 'node_modules/iexec/src', path)));
const { default: Contracts } = await sdk('common/utils/IExecContractsClient.js');
const { stringifyNestedBn } = await sdk('common/utils/utils.js');
const show = {
  task: (await sdk('common/execution/task.js')).show,
  deal: (await sdk('common/execution/deal.js')).show,
};
const { JsonRpcProvider } = await import(pathToFileURL(join(resolve(folder), 'node_modules/ethers/lib.esm/index.js')));

const provider = new JsonRpcProvider(url);
const { chainId } = await provider.getNetwork();
const contracts = new Contracts({ provider, chainId: Number(chainId), hubAddress: hub });

const said = {};
for (const [kind, id] of wanted.map((it) => it.split(':'))) {
  try {
    const found = await show[kind](contracts, id);
    said[id] = { ok: true, [kind]: stringifyNestedBn(found) };
    // As the SDK's program has it.
    if (kind === 'task') said[id].claimable = found.status < 3 && !!found.taskTimedOut;
  } catch (error) {
    said[id] = { ok: false, error: { name: error.name, message: error.message } };
  }
}
console.log(JSON.stringify(said));
process.exit(0);
