// Has iExec's SDK match orders, all its checks included, and prints the transactions that it would send, as one line of JSON.
//
//   node sdk-match.mjs FOLDER NODE_URL HUB WANTED
//
// FOLDER has the SDK in its node_modules. WANTED is a JSON list, of deals that are each made alone: `key` is the private key of
// the requester; `apporder`, `datasetorder` where there is one, `workerpoolorder` and `requestorder` are signed. Nothing is sent.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, url, hub, wanted] = process.argv.slice(2);
const sdk = (path) => import(pathToFileURL(join(resolve(folder), 'node_modules/iexec/src', path)));
const { default: Contracts } = await sdk('common/utils/IExecContractsClient.js');
const { matchOrders } = await sdk('common/market/order.js');
const { JsonRpcProvider, Wallet } = await import(pathToFileURL(join(resolve(folder), 'node_modules/ethers/lib.esm/index.js')));

const caught = [];
const provider = new JsonRpcProvider(url);
const { chainId } = await provider.getNetwork();

class Catching extends Wallet {
  async sendTransaction({ to, data, value }) {
    caught.push({ to: await to, data, value: (value ?? 0).toString() });
    throw new Error('caught');
  }
}

for (const { key, ...orders } of JSON.parse(wanted)) {
  const signer = new Catching(key, provider);
  const contracts = new Contracts({ provider, signer, chainId: Number(chainId), hubAddress: hub });
  const before = caught.length;
  const failed = await matchOrders({ contracts, ...orders }).catch((error) => error);
  if (caught.length !== before + 1) throw failed;
}
console.log(JSON.stringify(caught));
process.exit(0);
