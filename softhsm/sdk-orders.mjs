// Has iExec's SDK make and sign orders, and prints them with their hashes and what the SDK thinks that they cost, as one line of JSON.
//
//   node sdk-orders.mjs FOLDER NODE_URL HUB WANTED
//
// FOLDER has the SDK in its node_modules. WANTED is JSON: `keys` has the private keys of the owners and of the requester; `app`,
// `dataset`, `workerpool` and `request` are what the SDK is told of each order.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, url, hub, wanted] = process.argv.slice(2);
const { keys, app, dataset, workerpool, request } = JSON.parse(wanted);
const sdk = (path) => import(pathToFileURL(join(resolve(folder), 'node_modules/iexec/src', path)));
const { default: Contracts } = await sdk('common/utils/IExecContractsClient.js');
const orders = await sdk('common/market/order.js');
const { JsonRpcProvider, Wallet } = await import(pathToFileURL(join(resolve(folder), 'node_modules/ethers/lib.esm/index.js')));

const provider = new JsonRpcProvider(url);
const { chainId } = await provider.getNetwork();
const by = (key) => new Contracts({ provider, signer: new Wallet(key, provider), chainId: Number(chainId), hubAddress: hub });

// The older SDK looks names up, with the contracts as the first argument; the newer one does not.
const create = (make, contracts, order) => (make.length > 1 || make.toString().includes('contracts') ? make(contracts, order) : make(order));

const made = {
  apporder: await orders.signApporder(by(keys.app), await create(orders.createApporder, by(keys.app), app)),
  datasetorder: await orders.signDatasetorder(by(keys.dataset), await create(orders.createDatasetorder, by(keys.dataset), dataset)),
  workerpoolorder: await orders.signWorkerpoolorder(
    by(keys.workerpool),
    await create(orders.createWorkerpoolorder, by(keys.workerpool), workerpool),
  ),
  requestorder: await orders.signRequestorder(
    by(keys.request),
    await orders.createRequestorder({ contracts: by(keys.request) }, request),
  ),
};
const contracts = by(keys.request);
const { total, volume } = await orders.estimateMatchOrders({ contracts, ...made });
console.log(JSON.stringify({
  orders: made,
  hashes: {
    apporder: await orders.hashApporder(contracts, made.apporder),
    datasetorder: await orders.hashDatasetorder(contracts, made.datasetorder),
    workerpoolorder: await orders.hashWorkerpoolorder(contracts, made.workerpoolorder),
    requestorder: await orders.hashRequestorder(contracts, made.requestorder),
  },
  total: total.toString(),
  volume: volume.toString(),
}));
process.exit(0);
